package ship

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/billing"
)

// What was tampered with is named.
func TestVerifyNamesWhatDiffers(t *testing.T) {
	server := newRedisServer(t)
	rdb, out := server.newClient(), newMemoryOutbox()
	numbered := out.add("e1", someRecord("acme", 3))
	out.add("e1", someRecord("acme", 4))
	at, r := stream{"e1", "acme"}, numbered.Record
	hour := billing.Hour(r.AdmittedAt)
	ctx := t.Context()
	stored := func() redis.XMessage {
		places, err := NewReports(rdb, 0).locate(ctx, []billing.Record{numbered.Record})
		must(t, err)
		messages, err := rdb.XRange(ctx, recordsKey("acme", hour), places[0].entry, places[0].entry).Result()
		must(t, err)
		return messages[0]
	}
	cases := []struct {
		name   string
		change func() error
		want   []string
	}{
		{"nothing", func() error { return nil }, nil},
		{
			"a sum", func() error {
				return rdb.HIncrBy(ctx, sumsKey("acme", hour), `["generations","x","","","","micros"]`, 1).Err()
			},
			[]string{"sums are not those"},
		},
		{"a mark", func() error { return rdb.Set(ctx, markKey(at), "1", 0).Err() }, []string{"to number 1, the ledger to 2"}},
		{
			"a record that is gone", func() error { return rdb.XDel(ctx, recordsKey("acme", hour), stored().ID).Err() },
			[]string{"has it 0 times", "sums are not those"},
		},
		{
			"a record twice", func() error {
				return rdb.XAdd(ctx, &redis.XAddArgs{Stream: recordsKey("acme", hour), Values: stored().Values}).Err()
			},
			[]string{"1 records are there twice", "sums are not those"},
		},
		{
			"another record in its place", func() error {
				message := stored()
				message.Values["record"] = strings.Replace(message.Values["record"].(string), `"characters":13`, `"characters":14`, 1)
				id, err := rdb.XAdd(ctx, &redis.XAddArgs{Stream: recordsKey("acme", hour), Values: message.Values}).Result()
				must(t, err)
				must(t, rdb.ZRem(ctx, idsKey("acme", hour), "r"+r.ID+"\x00"+message.ID).Err())
				must(t, rdb.XDel(ctx, recordsKey("acme", hour), message.ID).Err())
				return rdb.ZAdd(ctx, idsKey("acme", hour), redis.Z{Member: "r" + r.ID + "\x00" + id}).Err()
			},
			[]string{"redis has another", "sums are not those"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			must(t, rdb.FlushAll(ctx).Err())
			must(t, newShipper(out, rdb).All(ctx))
			must(t, c.change())
			verdict, err := NewReports(rdb, 0).Verify(ctx, out, defaultRetention)
			must(t, err)
			got := strings.Join(verdict.Faults, "\n")
			if len(c.want) == 0 && got != "" {
				t.Errorf("faults = %s, want none", got)
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("faults = %q, want one that says %q", got, want)
				}
			}
		})
	}
}

func TestVerifyListsOnlySoMany(t *testing.T) {
	v := verifier{}
	for range maxFaults + 5 {
		v.fault("x")
	}
	if len(v.verdict.Faults) != maxFaults || v.verdict.More != 5 {
		t.Errorf("%d faults and %d more, want %d and 5", len(v.verdict.Faults), v.verdict.More, maxFaults)
	}
}

// Beside relays that close 2,000 records a second there is nothing to complain of, however often one looks.
func TestVerifyRaisesNoFalseAlarm(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector reads records more slowly than the load closes them, so that it never comes to the end")
	}
	server := newRedisServer(t)
	rdb := server.newClient()
	l := startLoad(t, rdb)
	l.more(200)
	for range 4 {
		verdict, err := NewReports(rdb, 0).Verify(t.Context(), l.out, defaultRetention)
		if err != nil || len(verdict.Faults) > 0 {
			t.Fatalf("Verify = %+v, %v, want no fault", verdict.Faults, err)
		}
		l.more(10)
	}
}

// A Redis that does not answer says nothing about records; a ledger that can't be read is another matter.
func TestVerifyTellsAnUnreachableRedis(t *testing.T) {
	server := newRedisServer(t)
	rdb, out := server.newClient(), newMemoryOutbox()
	out.add("e1", someRecord("acme", 1))
	out.set(time.Time{}, true)
	if _, err := NewReports(rdb, 0).Verify(t.Context(), out, defaultRetention); !errors.Is(err, errBroken) || errors.Is(err, ErrUnreachable) {
		t.Errorf("with a ledger that can't be read: %v, want %v", err, errBroken)
	}
	out.set(time.Time{}, false)
	server.Kill()
	if _, err := NewReports(rdb, 0).Verify(t.Context(), out, defaultRetention); !errors.Is(err, ErrUnreachable) {
		t.Errorf("without a Redis: %v, want %v", err, ErrUnreachable)
	}
}
