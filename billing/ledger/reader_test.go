package ledger

import (
	"errors"
	"testing"
	"time"

	"voicerelay/billing"
)

func TestRecordsQuery(t *testing.T) {
	l, _ := opened(t)
	for i := range 6 {
		// Two of each time, and the later ones closed first.
		speak(t, l, name(5-i), []string{"acme", "beta"}[i%2], morning.Add(time.Duration((5-i)/2)*time.Minute))
	}
	mustAdmit(t, l, entry("open", "acme", morning))
	cases := []struct {
		name string
		q    billing.RecordsQuery
		want []string
	}{
		{"all", billing.RecordsQuery{Limit: 100}, []string{"rec-0000", "rec-0001", "rec-0002", "rec-0003", "rec-0004", "rec-0005"}},
		{"a tenant's", billing.RecordsQuery{Limit: 100, Tenant: "acme"}, []string{"rec-0001", "rec-0003", "rec-0005"}},
		{
			"a time, half-open",
			billing.RecordsQuery{Limit: 100, From: morning.Add(time.Minute), To: morning.Add(2 * time.Minute)},
			[]string{"rec-0002", "rec-0003"},
		},
		{"by its id", billing.RecordsQuery{Limit: 100, RecordID: "rec-0004"}, []string{"rec-0004"}},
		{"by the client's name for it", billing.RecordsQuery{Limit: 100, GenerationID: "gen-rec-0004"}, []string{"rec-0004"}},
		{"another tenant's", billing.RecordsQuery{Limit: 100, RecordID: "rec-0004", Tenant: "acme"}, nil},
		{"one that is open", billing.RecordsQuery{Limit: 100, RecordID: "open"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			page, err := l.Records(t.Context(), c.q)
			if err != nil || page.NextCursor != "" {
				t.Errorf("cursor %q, %v, want neither", page.NextCursor, err)
			}
			mustEqual(t, "records", ids(page.Records), c.want)
		})
	}
}

func TestPagesAreTheWhole(t *testing.T) {
	l, _ := opened(t)
	const n = 10
	for i := range n {
		speak(t, l, name(i)+"/&. ", "acme", morning.Add(time.Duration(i/4)*time.Minute)) // any id makes a cursor
	}
	for _, size := range []int{0, 1, 3, n, n + 1} {
		var got []string
		q := billing.RecordsQuery{Limit: size}
		for pages := 0; pages <= n; pages++ {
			page, err := l.Records(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, ids(page.Records)...)
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				break
			}
		}
		mustEqual(t, "all pages", got, ids(records(t, l)))
	}
}

func TestQuestionsWithoutAnAnswer(t *testing.T) {
	l, _ := opened(t)
	for _, cursor := range []string{"x", "!.a", "1.%zz", "."} {
		if _, err := l.Records(t.Context(), billing.RecordsQuery{Cursor: cursor}); !errors.Is(err, billing.ErrCursor) {
			t.Errorf("cursor %q = %v, want %v", cursor, err, billing.ErrCursor)
		}
	}
	if _, err := l.Records(t.Context(), billing.RecordsQuery{From: morning}); !errors.Is(err, billing.ErrRange) {
		t.Errorf("a time without an end = %v, want %v", err, billing.ErrRange)
	}
	if _, err := l.Sums(t.Context(), billing.SumsQuery{From: morning, To: morning}); !errors.Is(err, billing.ErrRange) {
		t.Errorf("an empty time = %v, want %v", err, billing.ErrRange)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("rec-1", int64(0))
	f.Add("a.b%2F", int64(-5))
	f.Fuzz(func(t *testing.T, id string, ms int64) {
		r := billing.Record{ID: id, AdmittedAt: time.UnixMilli(ms % (1 << 45))}
		at, got, err := readCursor(cursorBehind(&r))
		if err != nil || got != id || at != r.AdmittedAt.UnixMilli() {
			t.Errorf("cursor of %q at %d = %q at %d, %v", id, r.AdmittedAt.UnixMilli(), got, at, err)
		}
	})
}

func TestGroupsAreBounded(t *testing.T) {
	l, _ := opened(t)
	for i := range 4 {
		speak(t, l, name(i), name(i), morning.Add(time.Duration(i)*time.Minute))
	}
	whole := billing.SumsQuery{From: morning.Add(-2 * time.Hour), To: morning.Add(5 * time.Hour)}
	part := billing.SumsQuery{From: morning.Add(-time.Second), To: morning.Add(50 * time.Minute)}
	for _, q := range []billing.SumsQuery{whole, part} {
		q.GroupBy = []billing.Dimension{billing.ByTenant}
		q.MaxGroups = 4
		if report, err := l.Sums(t.Context(), q); err != nil || len(report.Groups) != 4 {
			t.Errorf("from %v: %d groups, %v, want 4", q.From, len(report.Groups), err)
		}
		q.MaxGroups = 3
		if _, err := l.Sums(t.Context(), q); !errors.Is(err, billing.ErrTooManyGroups) {
			t.Errorf("from %v: %v, want too many groups", q.From, err)
		}
	}
}
