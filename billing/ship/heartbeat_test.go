package ship

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// beatOf is the only heartbeat.
func beatOf(t *testing.T, rdb redis.UniversalClient) Heartbeat {
	t.Helper()
	beats, err := NewReports(rdb, 0).Heartbeats(t.Context())
	if err != nil || len(beats) != 1 {
		t.Fatalf("Heartbeats = %+v, %v, want one", beats, err)
	}
	return beats[0]
}

// near allows for the time that the test itself takes.
func near(got, want time.Time) bool { return got.Sub(want).Abs() < 5*time.Second }

func TestHeartbeatInStep(t *testing.T) {
	server := newRedisServer(t)
	rdb, out := server.newClient(), newMemoryOutbox()
	out.add("e1", someRecord("acme", 1))
	s := newShipper(out, rdb)
	must(t, s.round(t.Context()))
	got := beatOf(t, rdb)
	if got.Relay != "relay-1" || got.Epoch != "e1" || got.Unshipped != 0 || got.Stale {
		t.Errorf("heartbeat = %+v, want a fresh one without unshipped records", got)
	}
	if now := time.Now(); !near(got.At, now) || !near(got.Oldest, now.Add(-admissionSlack)) {
		t.Errorf("at %v, oldest %v, want now and 10 s ago", got.At, got.Oldest)
	}

	opened := time.Now().Add(-20 * time.Minute)
	out.set(opened, false)
	must(t, s.round(t.Context()))
	if got := beatOf(t, rdb); !got.Oldest.Equal(opened.Truncate(time.Millisecond)) {
		t.Errorf("oldest = %v, want %v, when the open generation was admitted", got.Oldest, opened)
	}
	must(t, s.Finish(t.Context()))
	if beats, err := NewReports(rdb, 0).Heartbeats(t.Context()); err != nil || len(beats) != 0 {
		t.Errorf("after Finish: %+v, %v, want no heartbeat", beats, err)
	}
}

// A Redis that lost the heartbeat may have lost records: nothing is claimed until that is known.
func TestLostHeartbeatIsDoubted(t *testing.T) {
	server := newRedisServer(t)
	rdb, out := server.newClient(), newMemoryOutbox()
	out.add("e1", someRecord("acme", 1))
	s := newShipper(out, rdb)
	must(t, s.round(t.Context()))
	must(t, rdb.FlushAll(t.Context()).Err())
	if err := s.round(t.Context()); !errors.Is(err, errLost) {
		t.Fatalf("round = %v, want %v", err, errLost)
	}
	if got := beatOf(t, rdb); !got.Oldest.IsZero() {
		t.Errorf("oldest = %v, want that any record may be missing", got.Oldest)
	}
	must(t, s.round(t.Context()))
	if got := beatOf(t, rdb); got.Oldest.IsZero() {
		t.Error("still in doubt after the marks were read")
	}
	wantWhole(t, rdb, out)
}

// beat is a heartbeat as Redis has it. oldest is in milliseconds; 0: any record may be missing.
func beat(at time.Time, unshipped, oldest int64) string {
	return fmt.Sprintf(`%d {"epoch":"e","unshipped":%d,"oldest_ms":%d}`, at.UnixMilli(), unshipped, oldest)
}

func TestMissingSince(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	reports := NewReports(rdb, 0)
	now := time.Now().UTC().Truncate(time.Millisecond)
	fresh, stale := now, now.Add(-time.Minute)
	noon := now.Add(-12 * time.Hour)
	epoch := time.Unix(0, 0).UTC()
	const unknown = 0
	cases := []struct {
		name  string
		beats map[string]string
		to    time.Time
		want  time.Time
	}{
		{"no relay", nil, now, time.Time{}},
		{"all in step", map[string]string{"a": beat(fresh, 0, noon.UnixMilli()), "b": beat(fresh, 0, noon.UnixMilli())}, now, time.Time{}},
		{"one behind", map[string]string{"a": beat(fresh, 0, 1), "b": beat(fresh, 3, noon.UnixMilli())}, now, noon},
		{"one silent", map[string]string{"a": beat(fresh, 0, 1), "b": beat(stale, 0, noon.UnixMilli())}, now, noon},
		{"silent only after the time", map[string]string{"b": beat(stale, 0, noon.UnixMilli())}, noon.Add(-2 * time.Hour), time.Time{}},
		{"the earliest counts", map[string]string{"a": beat(stale, 0, stale.UnixMilli()), "b": beat(fresh, 1, noon.UnixMilli())}, now, noon},
		{"one in doubt", map[string]string{"a": beat(fresh, 0, unknown)}, now, epoch},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			must(t, rdb.Del(t.Context(), relaysKey).Err())
			for relay, value := range c.beats {
				must(t, rdb.HSet(t.Context(), relaysKey, relay, value).Err())
			}
			report, err := reports.Sums(t.Context(), billing.SumsQuery{From: c.to.Add(-time.Hour), To: c.to})
			if err != nil || !report.MissingSince.Equal(c.want) {
				t.Errorf("missing since %v, %v, want %v", report.MissingSince, err, c.want)
			}
		})
	}
}

func TestForget(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	must(t, rdb.HSet(t.Context(), relaysKey, "gone", beat(time.Unix(0, 0), 1, 0), "here", beat(time.Now(), 0, 1)).Err())
	must(t, Forget(t.Context(), rdb, "gone"))
	if got := beatOf(t, rdb); got.Relay != "here" {
		t.Errorf("left = %+v, want the other one", got)
	}
}

func TestForeignHeartbeatIsAFault(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	for _, value := range []string{"", "x {}", "12", "12 [1]"} {
		must(t, rdb.HSet(t.Context(), relaysKey, "a", value).Err())
		if _, err := NewReports(rdb, 0).Heartbeats(t.Context()); !errors.Is(err, errStored) {
			t.Errorf("heartbeat %q: %v, want %v", value, err, errStored)
		}
	}
}
