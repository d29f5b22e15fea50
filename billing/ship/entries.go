package ship

import (
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// entry is a record in an hour's stream.
type entry struct {
	place
	epoch, seq, record string
}

// readEntries fetches what lies at the places. What was deleted in between is left out.
func (r *Reports) readEntries(ctx context.Context, places []place) ([]entry, error) {
	var entries []entry
	for some := range slices.Chunk(places, commandsAtOnce) {
		found, err := r.readSome(ctx, some)
		if err != nil {
			return nil, err
		}
		entries = append(entries, found...)
	}
	return entries, nil
}

func (r *Reports) readSome(ctx context.Context, places []place) ([]entry, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	answers := make([]*redis.XMessageSliceCmd, len(places))
	_, err := r.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, at := range places {
			answers[i] = p.XRange(ctx, recordsKey(at.tenant, at.hour), at.entry, at.entry)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var entries []entry
	for i, answer := range answers {
		for _, message := range answer.Val() {
			entries = append(entries, entryOf(places[i], message))
		}
	}
	return entries, nil
}

func entryOf(at place, m redis.XMessage) entry {
	text := func(name string) string {
		value, _ := m.Values[name].(string) // what is missing does not decode later
		return value
	}
	return entry{place: at, epoch: text("epoch"), seq: text("seq"), record: text("record")}
}

// numbered is the record with its number.
func (e entry) numbered() (billing.Numbered, error) {
	r, err := decodeRecord(e.record)
	if err != nil {
		return billing.Numbered{}, err
	}
	seq, err := strconv.ParseInt(e.seq, 10, 64)
	if err != nil {
		return billing.Numbered{}, errStored
	}
	return billing.Numbered{Epoch: e.epoch, Tenant: e.tenant, Seq: seq, Record: r}, nil
}

// recordsOf are those of the given records that Redis has, as it has them.
func (r *Reports) recordsOf(ctx context.Context, asked []billing.Record) ([]billing.Numbered, error) {
	places, err := r.locate(ctx, asked)
	if err != nil {
		return nil, err
	}
	entries, err := r.readEntries(ctx, places)
	if err != nil {
		return nil, err
	}
	var found []billing.Numbered
	seen := make(map[string]bool) // an earlier version may have added one twice: the first counts
	for _, e := range entries {
		n, err := e.numbered()
		if err != nil {
			return nil, err
		}
		if !seen[n.Record.ID] {
			seen[n.Record.ID] = true
			found = append(found, n)
		}
	}
	return found, nil
}

// locate finds where records lie, by their ids and admissions.
func (r *Reports) locate(ctx context.Context, records []billing.Record) ([]place, error) {
	var places []place
	for some := range slices.Chunk(records, commandsAtOnce) {
		found, err := r.locateSome(ctx, some)
		if err != nil {
			return nil, err
		}
		places = append(places, found...)
	}
	return places, nil
}

func (r *Reports) locateSome(ctx context.Context, records []billing.Record) ([]place, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	answers := make([]*redis.StringSliceCmd, len(records))
	spots := make([]spot, len(records))
	_, err := r.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range records {
			rec := &records[i]
			spots[i] = spot{billing.Hour(rec.AdmittedAt), rec.Tenant}
			answers[i] = p.ZRangeArgs(ctx, redis.ZRangeArgs{
				Key: idsKey(rec.Tenant, spots[i].hour), ByLex: true, Start: "[r" + rec.ID + "\x00", Stop: "(r" + rec.ID + "\x00\xff",
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var places []place
	for i, answer := range answers {
		for _, member := range answer.Val() {
			p, err := parsePlace(spots[i], member)
			if err != nil {
				return nil, err
			}
			places = append(places, p)
		}
	}
	return places, nil
}

// eachPage shows an hour's stream up to an entry, a page at a time; "+" is its end.
func (r *Reports) eachPage(ctx context.Context, at spot, last string, show func([]entry) error) error {
	for start := "-"; ; {
		messages, err := r.page(ctx, at, start, last)
		if err != nil {
			return err
		}
		entries := make([]entry, len(messages))
		for i, m := range messages {
			entries[i] = entryOf(place{spot: at, entry: m.ID}, m)
		}
		if err := show(entries); err != nil || len(messages) < verifyPage {
			return err
		}
		start = "(" + messages[len(messages)-1].ID
	}
}

func (r *Reports) page(ctx context.Context, at spot, start, last string) ([]redis.XMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return r.rdb.XRangeN(ctx, recordsKey(at.tenant, at.hour), start, last, verifyPage).Result()
}

// verifyPage is how many records are compared, or read of a stream, at a time.
const verifyPage = 256
