package peers

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"voicerelay/tests/redisserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// relays are two on one Redis.
func relays(t *testing.T) (one, two *Peers, client *redis.Client) {
	t.Helper()
	client = redis.NewClient(&redis.Options{Addr: redisserver.New(t).Addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return New(client, "one"), New(client, "two"), client
}

func exchange(t *testing.T, p *Peers, summary string, watching bool) Told {
	t.Helper()
	told, err := p.Exchange(t.Context(), []byte(summary), watching)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// A relay that somebody looks at reads what the others left, and the others are told that somebody does.
func TestRelaysReadEachOther(t *testing.T) {
	one, two, client := relays(t)
	if told := exchange(t, one, "of one", false); told.Watched || told.Others != nil {
		t.Errorf("the first is told %+v", told)
	}
	exchange(t, two, "of two", true)
	told := exchange(t, two, "of two", true)
	if len(told.Others) != 1 || told.Others[0].Name != "one" || string(told.Others[0].Summary) != "of one" {
		t.Errorf("a watching relay is told of %+v", told.Others)
	}
	if told := exchange(t, one, "of one", false); !told.Watched {
		t.Error("the others don't know that somebody looks")
	}
	for key := range keysOf(t, client) {
		left, err := client.PTTL(t.Context(), key).Result()
		if err != nil || left <= 0 || left > 2*nameLife {
			t.Errorf("%s lives for %v (%v)", key, left, err)
		}
	}
}

func keysOf(t *testing.T, client *redis.Client) map[string]bool {
	t.Helper()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, k := range keys {
		found[k] = true
	}
	return found
}

// A relay whose summary has ended is gone, and told of still; one that leaves is not.
func TestRelayThatIsGoneIsTold(t *testing.T) {
	one, two, client := relays(t)
	exchange(t, one, "of one", false)
	if err := client.Del(t.Context(), summaryKey("one")).Err(); err != nil { // as after its life
		t.Fatal(err)
	}
	others, err := two.Others(t.Context())
	if err != nil || len(others) != 1 || others[0].Summary != nil || time.Since(others[0].SeenAt) > time.Minute {
		t.Errorf("a relay that is gone is told of as %+v (%v)", others, err)
	}
	if err := one.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if others, err := two.Others(t.Context()); err != nil || len(others) != 0 {
		t.Errorf("a relay that left is told of as %+v (%v)", others, err)
	}
}

// An order to stop comes once, to the relay that it is for, and no more of them wait than are taken.
func TestStopsComeOnce(t *testing.T) {
	one, two, _ := relays(t)
	for range 2 * mostStops {
		if err := two.Stop(t.Context(), "one", "r1"); err != nil {
			t.Fatal(err)
		}
	}
	if told := exchange(t, two, "", false); len(told.Stops) > 0 {
		t.Errorf("the other is told %v", told.Stops)
	}
	if told := exchange(t, one, "", false); len(told.Stops) != mostStops || slices.Contains(told.Stops, "") {
		t.Errorf("%d orders came", len(told.Stops))
	}
	if told := exchange(t, one, "", false); len(told.Stops) != 0 {
		t.Errorf("orders came again: %v", told.Stops)
	}
}

// An exchange with a Redis that hangs ends with its deadline.
func TestExchangeHasADeadline(t *testing.T) {
	one, _, client := relays(t)
	if err := client.Do(t.Context(), "CLIENT", "PAUSE", "2000", "ALL").Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := one.Exchange(ctx, nil, false); err == nil || time.Since(began) > time.Second {
		t.Errorf("it took %v, and ended with %v", time.Since(began), err)
	}
}
