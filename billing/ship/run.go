package ship

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"voicerelay/billing"
)

// errNumbers says that a ledger gave records out of order, or of another epoch or tenant.
var errNumbers = errors.New("the ledger's numbers are out of order")

// run is what one script applies: records of one stream, and what they add to the sums of their hours.
type run struct {
	at          stream
	after, last int64 // numbers: the record before the first, and the last
	hours       map[int64]*hourRun
}

// hourRun is a run's part of one hour.
type hourRun struct {
	sums    map[string]int64 // by field
	records []any            // record id, generation id, seq and JSON of each
}

// newRun takes records that follow after, but for those to skip. A hole between numbers is no fault: a ledger forgets records
// whose time is over, and one that was restored lacks some.
func newRun(at stream, after int64, records []billing.Numbered, skip map[string]bool) (*run, error) {
	r := &run{at: at, after: after, last: after, hours: make(map[int64]*hourRun)}
	for i := range records {
		n := &records[i]
		if n.Seq <= r.last || n.Epoch != at.epoch || n.Tenant != at.tenant || n.Record.Tenant != at.tenant {
			return nil, errNumbers
		}
		r.last = n.Seq
		if skip[n.Record.ID] {
			continue
		}
		if err := r.add(n); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *run) add(n *billing.Numbered) error {
	raw, err := encodeRecord(&n.Record)
	if err != nil {
		return err
	}
	hour := billing.Hour(n.Record.AdmittedAt)
	h := r.hours[hour]
	if h == nil {
		h = &hourRun{sums: make(map[string]int64)}
		r.hours[hour] = h
	}
	for _, share := range n.Record.Shares() {
		addFields(h.sums, share)
	}
	h.records = append(h.records, n.Record.ID, n.Record.GenerationID, n.Seq, raw)
	return nil
}

// keys and args are as apply.lua takes them.
func (r *run) keys() []string {
	keys := []string{markKey(r.at), hoursKey(r.at.tenant)}
	for _, hour := range slices.Sorted(maps.Keys(r.hours)) {
		keys = append(keys, sumsKey(r.at.tenant, hour), recordsKey(r.at.tenant, hour), idsKey(r.at.tenant, hour))
	}
	return keys
}

func (r *run) args(retention time.Duration) []any {
	args := []any{r.after, r.last, r.at.epoch, int64(retention / time.Second)}
	for _, hour := range slices.Sorted(maps.Keys(r.hours)) {
		h := r.hours[hour]
		args = append(args, hour, len(h.sums), len(h.records)/4)
		for _, name := range slices.Sorted(maps.Keys(h.sums)) {
			args = append(args, name, strconv.FormatInt(h.sums[name], 10))
		}
		args = append(args, h.records...)
	}
	return args
}
