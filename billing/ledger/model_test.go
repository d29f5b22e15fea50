package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"voicerelay/billing"
)

// model is what a ledger must hold, kept in the plainest way.
type model struct {
	open   map[string]billing.Record
	closed map[string]billing.Numbered
	tails  map[billing.Tail]int64 // by epoch and tenant
	epoch  string
}

func (m *model) close(r billing.Record) {
	tail := billing.Tail{Epoch: m.epoch, Tenant: r.Tenant}
	m.tails[tail]++
	delete(m.open, r.ID)
	m.closed[r.ID] = billing.Numbered{Epoch: m.epoch, Tenant: r.Tenant, Seq: m.tails[tail], Record: r}
}

// drawEntry is an entry within three hours, of a few tenants.
func drawEntry(t *rapid.T, id string) billing.Record {
	at := morning.Add(time.Duration(rapid.Int64Range(0, 3*millisPerHour).Draw(t, "at")) * time.Millisecond)
	r := entry(id, rapid.SampledFrom([]string{"acme", "beta", ""}).Draw(t, "tenant"), at)
	r.Key = rapid.SampledFrom([]string{"bot", "ops"}).Draw(t, "key")
	r.Route = rapid.SampledFrom([]string{"", "default"}).Draw(t, "route")
	if rapid.Bool().Draw(t, "no metadata") {
		r.Metadata = nil
	}
	return r
}

// drawEnd is the entry's close.
func drawEnd(t *rapid.T, r billing.Record) billing.Record {
	r.EndedAt = r.AdmittedAt.Add(time.Second)
	r.Characters = rapid.Int64Range(0, 1000).Draw(t, "characters")
	r.Audio = time.Duration(rapid.Int64Range(0, 9999).Draw(t, "audio")) * time.Millisecond
	r.Outcome = rapid.SampledFrom([]billing.Outcome{billing.Completed, billing.Cancelled, billing.Failed}).Draw(t, "outcome")
	for range rapid.IntRange(0, 3).Draw(t, "attempts") {
		r.Attempts = append(r.Attempts, drawAttempt(t, r))
	}
	return r
}

func drawAttempt(t *rapid.T, r billing.Record) billing.Attempt {
	a := billing.Attempt{
		Provider:  rapid.SampledFrom([]string{"oak", "elm"}).Draw(t, "provider"),
		Model:     rapid.SampledFrom([]string{"", "m"}).Draw(t, "model"),
		Voice:     "v",
		StartedAt: r.AdmittedAt, EndedAt: r.EndedAt,
		Outcome: rapid.SampledFrom([]billing.Outcome{billing.Completed, billing.Hedged, billing.Failed}).Draw(t, "of the attempt"),
		Usage:   billing.Usage{Characters: rapid.Int64Range(0, 1000).Draw(t, "sent")},
		Cost:    billing.Cost{Source: billing.Unavailable},
	}
	if rapid.Bool().Draw(t, "priced") {
		a.Cost = billing.Cost{
			Money: billing.Money{
				Micros:   rapid.Int64Range(0, 1_000_000_000_000).Draw(t, "micros"),
				Currency: rapid.SampledFrom([]string{"EUR", "USD"}).Draw(t, "currency"),
			},
			Source: billing.FromProvider, Estimated: rapid.Bool().Draw(t, "estimated"),
		}
	}
	return a
}

// machine does the same to a ledger and to the model.
type machine struct {
	m    model
	l    *Ledger
	file string
	n    int
}

func (x *machine) start(t *rapid.T) {
	l, err := Open(context.Background(), Config{Path: x.file, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	x.l, x.m.epoch = l, l.Epoch()
	for _, n := range x.read(t, l.Epoch()) { // in the order in which they were found
		r := x.m.open[n.Record.ID]
		r.Outcome, r.EndedAt = billing.Interrupted, n.Record.EndedAt
		x.m.close(r)
	}
	if len(x.m.open) > 0 {
		t.Fatalf("%d records are still open", len(x.m.open))
	}
}

// read is everything of an epoch, by tenants.
func (x *machine) read(t *rapid.T, epoch string) []billing.Numbered {
	var all []billing.Numbered
	for _, tenant := range []string{"acme", "beta", ""} {
		records, err := x.l.Unshipped(context.Background(), epoch, tenant, 0, maxPage)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, records...)
	}
	return all
}

func (x *machine) actions() map[string]func(t *rapid.T) {
	ctx := context.Background()
	return map[string]func(t *rapid.T){
		"admit": func(t *rapid.T) {
			r := drawEntry(t, name(x.n))
			x.n++
			if err := x.l.Admit(ctx, r); err != nil {
				t.Fatalf("Admit = %v", err)
			}
			x.m.open[r.ID] = r
		},
		"admit again": func(t *rapid.T) {
			id := x.any(t)
			if err := x.l.Admit(ctx, drawEntry(t, id)); !errors.Is(err, ErrDuplicate) {
				t.Fatalf("Admit of %s again = %v, want %v", id, err, ErrDuplicate)
			}
		},
		"close": func(t *rapid.T) {
			id := x.any(t)
			r, open := x.m.open[id]
			if !open {
				if err := x.l.Close(ctx, finished(x.m.closed[id].Record)); !errors.Is(err, ErrNotOpen) {
					t.Fatalf("Close of %s again = %v, want %v", id, err, ErrNotOpen)
				}
				return
			}
			r = drawEnd(t, r)
			if err := x.l.Close(ctx, r); err != nil {
				t.Fatalf("Close = %v", err)
			}
			x.m.close(r)
		},
		"restart": func(t *rapid.T) {
			if rapid.IntRange(0, 2).Draw(t, "seldom") > 0 {
				t.Skip()
			}
			if err := x.l.Stop(ctx); err != nil {
				t.Fatal(err)
			}
			x.start(t)
			x.checkRecords(t)
		},
		"sums": x.checkSums,
	}
}

// any is the id of some record.
func (x *machine) any(t *rapid.T) string {
	if x.n == 0 {
		t.Skip("there is none yet")
	}
	return name(rapid.IntRange(0, x.n-1).Draw(t, "id"))
}

func (x *machine) checkRecords(t *rapid.T) {
	seen := 0
	for tail := range x.m.tails {
		for i, n := range x.readTail(t, tail) {
			want := x.m.closed[n.Record.ID]
			if fmt.Sprintf("%+v", n) != fmt.Sprintf("%+v", want) || n.Seq != int64(i+1) {
				t.Fatalf("record %d of %v =\n%+v, want\n%+v", i+1, tail, n, want)
			}
			seen++
		}
	}
	if seen != len(x.m.closed) {
		t.Fatalf("%d records, want %d", seen, len(x.m.closed))
	}
}

func (x *machine) readTail(t *rapid.T, tail billing.Tail) []billing.Numbered {
	records, err := x.l.Unshipped(context.Background(), tail.Epoch, tail.Tenant, 0, maxPage)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// checkSums compares with the sum over records one by one, for any time and any grouping.
func (x *machine) checkSums(t *rapid.T) {
	from := morning.Add(time.Duration(rapid.Int64Range(-millisPerHour, 4*millisPerHour).Draw(t, "from")) * time.Millisecond)
	length := rapid.OneOf(rapid.Int64Range(1, 4*millisPerHour), rapid.SampledFrom([]int64{millisPerHour, 24 * millisPerHour}))
	if rapid.Bool().Draw(t, "whole hours") {
		from = from.Truncate(time.Hour)
	}
	q := billing.SumsQuery{
		From: from, To: from.Add(time.Duration(length.Draw(t, "length")) * time.Millisecond),
		Tenant: rapid.SampledFrom([]string{"", "acme"}).Draw(t, "tenant"),
		GroupBy: rapid.SampledFrom([][]billing.Dimension{
			nil,
			{billing.ByTenant, billing.ByKey, billing.ByDay, billing.ByRoute, billing.ByOutcome},
			{billing.ByTenant, billing.ByKey, billing.ByDay, billing.ByProvider, billing.ByModel, billing.ByVoice, billing.ByOutcome},
			{billing.ByProvider},
			{billing.ByOutcome},
			{billing.ByHour, billing.ByTenant},
			{billing.ByHour, billing.ByVoice},
			{billing.ByMonth, billing.ByKey},
		}).Draw(t, "group by"),
		Filter: drawFilter(t),
	}
	if q.Validate() != nil {
		return // what it is narrowed by is not of what it is grouped by
	}
	var shares []billing.Share
	for _, n := range x.m.closed {
		at := n.Record.AdmittedAt
		if at.Before(q.From) || !at.Before(q.To) || (q.Tenant != "" && q.Tenant != n.Tenant) {
			continue
		}
		if value, has := n.Record.Metadata[q.Metadata.Key]; q.Metadata.Key != "" && (!has || value != q.Metadata.Value) {
			continue
		}
		for _, s := range n.Record.Shares() {
			k := s.Key
			wanted := (q.Key == "" || k.Key == q.Key) && (q.Route == "" || k.Route == q.Route) && (q.Outcome == "" || k.Outcome == q.Outcome) &&
				(q.Provider == "" || k.Provider == q.Provider) && (q.Model == "" || k.Model == q.Model) && (q.Voice == "" || k.Voice == q.Voice)
			if (k.Provider != "") == q.OfAttempts() && wanted {
				shares = append(shares, s)
			}
		}
	}
	want, err := billing.GroupSums(q, shares)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.l.Sums(context.Background(), q)
	if err != nil || fmt.Sprintf("%+v", got.Groups) != fmt.Sprintf("%+v", want) {
		t.Fatalf("Sums of %+v =\n%+v, %v, want\n%+v", q, got.Groups, err, want)
	}
}

// drawFilter narrows a question by some of what it can be narrowed by.
func drawFilter(t *rapid.T) billing.Filter {
	f := billing.Filter{
		Key:      rapid.SampledFrom([]string{"", "", "bot"}).Draw(t, "asked key"),
		Route:    rapid.SampledFrom([]string{"", "", "default"}).Draw(t, "asked route"),
		Outcome:  rapid.SampledFrom([]billing.Outcome{"", "", billing.Failed, billing.Completed}).Draw(t, "asked outcome"),
		Provider: rapid.SampledFrom([]string{"", "", "", "oak", "none"}).Draw(t, "asked provider"),
		Model:    rapid.SampledFrom([]string{"", "", "", "m"}).Draw(t, "asked model"),
	}
	if rapid.IntRange(0, 3).Draw(t, "asked metadata") == 0 {
		for key, value := range entry("any", "acme", morning).Metadata {
			f.Metadata = billing.Pair{Key: key, Value: value}
		}
	}
	return f
}

// checkFilters compares records that a filter chooses with those of the model.
func (x *machine) checkFilters(t *rapid.T) {
	q := billing.RecordsQuery{Limit: maxPage, Filter: drawFilter(t)}
	want := 0
	for _, n := range x.m.closed {
		if q.WantsRecord(&n.Record) {
			want++
		}
	}
	page, err := x.l.Records(context.Background(), q)
	if err != nil || len(page.Records) != want {
		t.Fatalf("%+v: %d records, %v, want %d", q, len(page.Records), err, want)
	}
	for i := range page.Records {
		if !q.WantsRecord(&page.Records[i]) {
			t.Fatalf("%+v has %+v", q, page.Records[i])
		}
	}
}

// Whatever is done in whatever order, the ledger holds what the model holds, and is sound.
func TestLedgerIsItsModel(t *testing.T) {
	folder := memory(t)
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		file := filepath.Join(folder, name(runs), "ledger.db")
		x := &machine{file: file, m: model{
			open: make(map[string]billing.Record), closed: make(map[string]billing.Numbered), tails: make(map[billing.Tail]int64),
		}}
		x.start(t)
		defer func() { _ = os.RemoveAll(filepath.Dir(file)) }() // a temporary folder
		defer func() {
			if err := x.l.Stop(context.Background()); err != nil {
				t.Errorf("Stop = %v", err)
			}
			if v, err := Verify(context.Background(), file); err != nil || len(v.Faults) > 0 {
				t.Errorf("Verify = %q, %v", v.Faults, err)
			}
		}()
		t.Repeat(x.actions())
		x.checkRecords(t)
		x.checkFilters(t)
	})
}
