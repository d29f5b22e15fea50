package ledger

import (
	"database/sql"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// What a start finds of the claims before it: those that were heard, as long as they last, whether their generation
// ended or was cut short.
func TestClaimsOutliveTheProcess(t *testing.T) {
	file, at := path(t), morning
	l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	claim := func(id string, expires time.Duration) Claim {
		c := Claim{RecordID: id, Tenant: "acme", Expires: at.Add(expires)}
		copy(c.Hash[:], id)
		return c
	}
	for _, id := range []string{"ended", "unheard", "cut", "cut-unheard", "old"} {
		expires := time.Hour
		if id == "old" {
			expires = time.Minute
		}
		l.Claim(t.Context(), claim(id, expires))
		if err := l.Admit(t.Context(), entry(id, "acme", at)); err != nil {
			t.Fatal(err)
		}
	}
	l.Claim(t.Context(), claim("never-entered", time.Hour))
	l.Heard("cut")
	for _, id := range []string{"ended", "unheard", "old"} {
		r := finished(entry(id, "acme", at))
		if id == "unheard" {
			r.Audio, r.Outcome = 0, billing.Failed
		}
		if err := l.Close(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	secret := mustSecret(t, l)
	mustStop(t, l)

	l = mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	defer mustStop(t, l)
	if again := mustSecret(t, l); again != secret || secret == ([32]byte{}) {
		t.Errorf("the secret is %x, then %x", secret, again)
	}
	got, err := l.Claims(t.Context(), at.Add(2*time.Minute))
	want := map[KeptClaim]bool{
		{claim("ended", time.Hour), "gen-ended", billing.Completed}: true,
		{claim("cut", time.Hour), "gen-cut", billing.Interrupted}:   true,
	}
	if err != nil || len(got) != len(want) {
		t.Errorf("Claims = %+v, %v, want %d", got, err, len(want))
	}
	for _, c := range got {
		if !want[c] {
			t.Errorf("Claims has %+v", c)
		}
	}
}

func mustSecret(t *testing.T, l *Ledger) [32]byte {
	t.Helper()
	secret, err := l.Secret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// Claims that are over go with what else is.
func TestClaimsThatAreOverArePruned(t *testing.T) {
	file := fresh(t)
	w, err := newWriter(t.Context(), file, Config{})
	if err != nil {
		t.Fatal(err)
	}
	changes := []*change{
		newChange(claiming{Claim{RecordID: "over", Tenant: "acme", Expires: morning}}),
		newChange(claiming{Claim{RecordID: "stands", Tenant: "acme", Expires: time.Now().Add(time.Hour)}}),
	}
	if err := w.commit(changes); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.prune(0); err != nil {
		t.Fatal(err)
	}
	if err := w.disconnect(); err != nil {
		t.Fatal(err)
	}
	var left []string
	read(t, file, `SELECT record_id FROM claims`, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		left = append(left, id)
		return err
	})
	mustEqual(t, "what is left", left, []string{"stands"})
}
