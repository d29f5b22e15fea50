package ledger

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"voicerelay/billing"
)

// helperVariable names the part that a process of this binary plays for a test.
const helperVariable = "LEDGER_TEST_HELPER"

func TestMain(m *testing.M) {
	if part := os.Getenv(helperVariable); part != "" {
		help(part)
		return
	}
	flag.Parse()
	if raced {
		// Properties are of one goroutine's doings: the detector has nothing to find there.
		if err := flag.Set("rapid.checks", "5"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

var morning = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// path is a ledger's in a folder of the test's own.
func path(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "data", "ledger.db")
}

// memory is a folder whose syncs cost nothing, where the system has one: for tests of so many commits that a busy disk
// would hold them up.
func memory(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "ledger")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) }) // gone with the machine's next start at the latest
	return folder
}

func mustOpen(t testing.TB, cfg Config) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// opened is a ledger that is stopped, and then sound, at the test's end.
func opened(t testing.TB) (l *Ledger, file string) {
	t.Helper()
	file = path(t)
	l = mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	t.Cleanup(func() {
		mustStop(t, l)
		mustBeSound(t, file)
	})
	return l, file
}

func mustStop(t testing.TB, l *Ledger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := l.Stop(ctx); err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func mustBeSound(t testing.TB, file string) Verification {
	t.Helper()
	v, err := Verify(context.Background(), file)
	if err != nil || len(v.Faults) > 0 {
		t.Errorf("Verify = %q, %v, want a sound ledger", v.Faults, err)
	}
	return v
}

// entry is what is known of a generation at its admission.
func entry(id, tenant string, at time.Time) billing.Record {
	return billing.Record{
		ID: id, GenerationID: "gen-" + id, Tenant: tenant, Key: "bot", SessionID: "session", ContextID: "context",
		Route: "default", AdmittedAt: at, Characters: 31, Bytes: 33, PriceList: prices().Hash(),
		Metadata: map[string]string{"call": "42"},
	}
}

// finished is the entry's close: one attempt that failed and one that spoke.
func finished(r billing.Record) billing.Record {
	at := r.AdmittedAt
	r.EndedAt = at.Add(2 * time.Second)
	r.Characters, r.Bytes, r.Audio, r.Outcome, r.PriceList = 40, 44, 2*time.Second, billing.Completed, prices().Hash()
	r.Spoken = 38
	r.Attempts = []billing.Attempt{
		{
			Provider: "tin", Voice: "v1", StartedAt: at, EndedAt: at.Add(time.Second), Outcome: billing.Failed,
			Code: "unavailable", Message: "refused", Cost: billing.Cost{Source: billing.Unavailable},
		},
		{
			Provider: "oak", Model: "m", Voice: "v2", StartedAt: at.Add(time.Second), EndedAt: r.EndedAt,
			Outcome: billing.Completed, UpstreamID: "req-7/s.2",
			Usage: billing.Usage{
				Audio: 2 * time.Second, Characters: 40, UTF16Units: 42, Chinese: 1, Bytes: 44, Requests: 2,
				Metered: billing.Metered{Characters: 39, InputTokens: 11, OutputTokens: 42},
			},
			Cost: billing.Cost{Money: billing.Money{Micros: 1800, Currency: "EUR"}, Source: billing.FromProvider},
		},
	}
	return r
}

func mustAdmit(t testing.TB, l *Ledger, r billing.Record) {
	t.Helper()
	if err := l.Admit(t.Context(), r); err != nil {
		t.Fatalf("Admit(%s) = %v", r.ID, err)
	}
}

func mustClose(t testing.TB, l *Ledger, r billing.Record) {
	t.Helper()
	if err := l.Close(t.Context(), r); err != nil {
		t.Fatalf("Close(%s) = %v", r.ID, err)
	}
}

// speak is a generation from its admission to its close.
func speak(t testing.TB, l *Ledger, id, tenant string, at time.Time) billing.Record {
	t.Helper()
	r := entry(id, tenant, at)
	mustAdmit(t, l, r)
	r = finished(r)
	mustClose(t, l, r)
	return r
}

// records are all that are closed, in the order of their admission.
func records(t testing.TB, l interface {
	Records(ctx context.Context, q billing.RecordsQuery) (billing.RecordPage, error)
},
) []billing.Record {
	t.Helper()
	var all []billing.Record
	q := billing.RecordsQuery{Limit: maxPage}
	for {
		page, err := l.Records(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Records...)
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			return all
		}
	}
}

// unshipped are the numbered records of an epoch and tenant.
func unshipped(t testing.TB, l *Ledger, epoch, tenant string) []billing.Numbered {
	t.Helper()
	all, err := l.Unshipped(t.Context(), epoch, tenant, 0, maxPage)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func mustEqual(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s =\n%+v, want\n%+v", what, got, want)
	}
}

func name(i int) string { return fmt.Sprintf("rec-%04d", i) }
