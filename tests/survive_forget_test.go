package tests

import (
	"strings"
	"testing"
)

// A relay whose ledger is lost leaves its heartbeat behind, and keeps reports incomplete until it is forgotten.
func TestARelayThatIsLostIsForgotten(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	left, _ := sharing(t, s)
	eventually(t, "both relays to be heard of", func() bool {
		return s.db.HLen(t.Context(), "usage:relays").Val() == 2 && left.usage(t, opsKey, "").Complete
	})
	lost := `1767225600000 {"epoch":"01LOSTEPOCH","unshipped":3,"oldest_ms":1767225500000}`
	if err := s.db.HSet(t.Context(), "usage:relays", "lost-relay", lost).Err(); err != nil {
		t.Fatal(err)
	}
	if got := left.usage(t, opsKey, ""); got.Complete {
		t.Fatalf("complete, though a relay is lost: %+v", got)
	}

	list := run(t, left.dir, "", "ledger", "forget")
	if list.code != 0 || strings.Count(list.out, "\n") != 3 || !strings.Contains(list.out, "lost-relay, last heard of at 2026-01-01T00:00:00Z, with 3 records") {
		t.Errorf("the list ends with %d:\n%s%s", list.code, list.out, list.errout)
	}
	for _, args := range [][]string{{"somebody-else"}, {"lost-relay", "extra"}} {
		if got := run(t, left.dir, "", append([]string{"ledger", "forget"}, args...)...); got.code == 0 || got.errout == "" {
			t.Errorf("%q ends with %d and says %q", args, got.code, got.errout)
		}
	}
	if got := left.usage(t, opsKey, ""); got.Complete {
		t.Error("the lost relay was forgotten by the wrong name")
	}
	if got := run(t, left.dir, "", "ledger", "forget", "lost-relay"); got.code != 0 || !strings.Contains(got.out, "forgotten: lost-relay") {
		t.Errorf("forget ends with %d:\n%s%s", got.code, got.out, got.errout)
	}
	if got := left.usage(t, opsKey, ""); !got.Complete {
		t.Errorf("incomplete since %v with the lost relay forgotten", got.MissingSince)
	}
}

// The ledger of a relay that is gone, and that had nothing open, is shipped: reports wait for it no longer. A relay that runs
// keeps its heartbeat, and without a Redis the exit status says so.
func TestShippingForARelayThatIsGone(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	left, right := sharing(t, s)
	heartbeats := func() int64 { return s.db.HLen(t.Context(), "usage:relays").Val() }
	eventually(t, "both relays to be heard of", func() bool { return heartbeats() == 2 })
	if got := run(t, right.dir, "", "ledger", "ship"); got.code != 0 || heartbeats() != 2 {
		t.Errorf("with its relay running: ends with %d, and leaves %d heartbeats:\n%s%s", got.code, heartbeats(), got.out, got.errout)
	}
	right.Kill()
	if got := run(t, right.dir, "", "ledger", "ship"); got.code != 0 || heartbeats() != 1 || !strings.Contains(got.out, "don't wait") {
		t.Errorf("without its relay: ends with %d, and leaves %d heartbeats:\n%s%s", got.code, heartbeats(), got.out, got.errout)
	}
	if got := left.usage(t, opsKey, ""); !got.Complete {
		t.Errorf("incomplete since %v, though all was shipped", got.MissingSince)
	}
	s.Kill()
	for _, command := range []string{"verify", "ship", "forget"} {
		if got := run(t, right.dir, "", "ledger", command); got.code != 3 || !strings.Contains(got.errout, "can't be reached") {
			t.Errorf("%s without a Redis: ends with %d:\n%s%s", command, got.code, got.out, got.errout)
		}
	}
	s.Start()
}
