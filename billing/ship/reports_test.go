package ship

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"voicerelay/billing"
)

// ledgerWith has n records, spread over tenants and hours up to now, one every 20 minutes.
func ledgerWith(n int) *memoryOutbox {
	out := newMemoryOutbox()
	now := time.Now().UTC()
	for i := range n {
		out.add("e1", recordOf(fmt.Sprintf("tenant-%d", i%3), now.Add(-time.Duration(i)*20*time.Minute), i))
	}
	return out
}

// inOrder is what a listing of the records has to be.
func inOrder(records []billing.Record, want func(*billing.Record) bool) []billing.Record {
	records = slices.DeleteFunc(records, func(r billing.Record) bool { return !want(&r) })
	slices.SortFunc(records, func(a, b billing.Record) int { return a.AdmittedAt.Compare(b.AdmittedAt) })
	return records
}

func TestRecords(t *testing.T) {
	server := newRedisServer(t)
	rdb, out := server.newClient(), ledgerWith(200)
	must(t, newShipper(out, rdb).All(t.Context()))
	now := time.Now().UTC()
	from, to := now.Add(-30*time.Hour-7*time.Minute), now.Add(-5*time.Hour-7*time.Minute)
	within := func(r *billing.Record) bool { return !r.AdmittedAt.Before(from) && r.AdmittedAt.Before(to) }
	some := inOrder(out.all(), within)[17]
	cases := []struct {
		name  string
		query billing.RecordsQuery
		want  func(*billing.Record) bool
	}{
		{"all", billing.RecordsQuery{}, func(*billing.Record) bool { return true }},
		{"a time", billing.RecordsQuery{From: from, To: to}, within},
		{"from", billing.RecordsQuery{From: from}, func(r *billing.Record) bool { return !r.AdmittedAt.Before(from) }},
		{"a tenant", billing.RecordsQuery{Tenant: "tenant-1"}, func(r *billing.Record) bool { return r.Tenant == "tenant-1" }},
		{"a record", billing.RecordsQuery{RecordID: some.ID}, func(r *billing.Record) bool { return r.ID == some.ID }},
		{"a record of another tenant", billing.RecordsQuery{RecordID: some.ID, Tenant: "tenant-9"}, func(*billing.Record) bool { return false }},
		{"the beginning of an id", billing.RecordsQuery{RecordID: some.ID[:12]}, func(*billing.Record) bool { return false }},
		{"a client's id", billing.RecordsQuery{GenerationID: "g3"}, func(r *billing.Record) bool { return r.GenerationID == "g3" }},
		{
			"a client's id in a time",
			billing.RecordsQuery{GenerationID: "g3", From: from, To: to},
			func(r *billing.Record) bool { return r.GenerationID == "g3" && within(r) },
		},
		{"both ids", billing.RecordsQuery{RecordID: some.ID, GenerationID: "other"}, func(*billing.Record) bool { return false }},
	}
	for _, c := range cases {
		want := inOrder(out.all(), c.want)
		for _, limit := range []int{0, 1, 7, len(want), len(want) + 1} {
			t.Run(fmt.Sprintf("%s by %d", c.name, limit), func(t *testing.T) {
				c.query.Limit = limit
				wantPages(t, NewReports(rdb, 0), c.query, want)
			})
		}
	}
}

// wantPages walks through all pages.
func wantPages(t *testing.T, reports *Reports, q billing.RecordsQuery, want []billing.Record) {
	t.Helper()
	var got []billing.Record
	for {
		page, err := reports.Records(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Records...)
		if page.NextCursor == "" {
			break
		}
		if len(page.Records) != q.Limit {
			t.Fatalf("a page of %d before the last, want %d", len(page.Records), q.Limit)
		}
		q.Cursor = page.NextCursor
	}
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("record %d =\n%+v, want\n%+v", i, got[i], want[i])
		}
	}
}

func TestCursorsThatAreNone(t *testing.T) {
	server := newRedisServer(t)
	reports := NewReports(server.newClient(), 0)
	for _, cursor := range []string{"!", "eA", "MTI", "LTEgeA", "MTIg"} { // not base64, "x", "12", "-1 x", "12 "
		if _, err := reports.Records(t.Context(), billing.RecordsQuery{Cursor: cursor}); !errors.Is(err, billing.ErrCursor) {
			t.Errorf("cursor %q: %v, want %v", cursor, err, billing.ErrCursor)
		}
	}
}

func TestSumsOfATimeAndTenant(t *testing.T) {
	server := newRedisServer(t)
	rdb, out := server.newClient(), ledgerWith(200)
	must(t, newShipper(out, rdb).All(t.Context()))
	now := time.Now().UTC()
	q := billing.SumsQuery{
		From: now.Add(-30*time.Hour - 7*time.Minute), To: now.Add(-5 * time.Hour), Tenant: "tenant-2",
		GroupBy: []billing.Dimension{billing.ByDay, billing.ByOutcome},
	}
	from, to := WholeHours(q.From, q.To)
	var shares []billing.Share
	for _, r := range out.all() {
		if r.Tenant == "tenant-2" && !r.AdmittedAt.Before(from) && r.AdmittedAt.Before(to) {
			shares = append(shares, r.Shares()[:1]...)
			for _, s := range r.Shares()[1:] {
				if s.Key.Provider == "" {
					shares = append(shares, s)
				}
			}
		}
	}
	want, err := billing.GroupSums(q, shares)
	must(t, err)
	got, err := NewReports(rdb, 0).Sums(t.Context(), q)
	if err != nil || !reflect.DeepEqual(got.Groups, want) || len(want) == 0 {
		t.Errorf("Sums =\n%+v, %v, want\n%+v", got.Groups, err, want)
	}
	if got.From != from || got.To != to {
		t.Errorf("Sums answers for %v to %v, want %v to %v", got.From, got.To, from, to)
	}
	q.GroupBy = []billing.Dimension{billing.ByRoute, billing.ByVoice}
	if _, err := NewReports(rdb, 0).Sums(t.Context(), q); !errors.Is(err, billing.ErrGroupBy) {
		t.Errorf("a question without an answer: %v, want %v", err, billing.ErrGroupBy)
	}
}

func TestWholeHours(t *testing.T) {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		must(t, err)
		return parsed
	}
	cases := []struct{ from, to, wantFrom, wantTo string }{
		{"2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"2026-03-01T10:59:59Z", "2026-03-01T11:00:01Z", "2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z"},
		{"2026-03-01T10:30:00+05:30", "2026-03-01T10:31:00+05:30", "2026-03-01T05:00:00Z", "2026-03-01T06:00:00Z"},
		{"1969-12-31T23:30:00Z", "1970-01-01T00:30:00Z", "1969-12-31T23:00:00Z", "1970-01-01T01:00:00Z"},
	}
	for _, c := range cases {
		from, to := WholeHours(at(c.from), at(c.to))
		if !from.Equal(at(c.wantFrom)) || !to.Equal(at(c.wantTo)) {
			t.Errorf("WholeHours(%s, %s) = %v, %v, want %s, %s", c.from, c.to, from, to, c.wantFrom, c.wantTo)
		}
	}
}

func TestGroupsAreBounded(t *testing.T) {
	server := newRedisServer(t)
	rdb, out := server.newClient(), ledgerWith(9)
	must(t, newShipper(out, rdb).All(t.Context()))
	now := time.Now()
	q := billing.SumsQuery{From: now.Add(-24 * time.Hour), To: now.Add(time.Hour), GroupBy: []billing.Dimension{billing.ByTenant}, MaxGroups: 30}
	if report, err := NewReports(rdb, 0).Sums(t.Context(), q); err != nil || len(report.Groups) != 3 {
		t.Errorf("%d groups, %v, want 3", len(report.Groups), err)
	}
	q.MaxGroups = 2
	if _, err := NewReports(rdb, 0).Sums(t.Context(), q); !errors.Is(err, billing.ErrTooManyGroups) {
		t.Errorf("%v, want too many groups", err)
	}
}

// Whole hours around the last time are no further than can be written.
func TestWholeHoursCanBeWritten(t *testing.T) {
	_, to := WholeHours(billing.LastTime.Add(-time.Minute), billing.LastTime)
	if _, err := to.MarshalJSON(); err != nil {
		t.Errorf("%v: %v", to, err)
	}
}
