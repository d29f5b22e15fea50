package ship

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"voicerelay/billing"
)

// dump is what Redis held at a moment.
type dump map[string]string

func takeDump(t *rapid.T, rdb *redis.Client) dump {
	d := make(dump)
	for _, key := range rdb.Keys(context.Background(), "*").Val() {
		value, err := rdb.Dump(context.Background(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		d[key] = value
	}
	return d
}

// restore puts back what was held then, or only the keys of one slot, as where one server of a cluster fell back.
func (d dump) restore(t *rapid.T, rdb *redis.Client, belongs func(key string) bool) {
	for _, key := range rdb.Keys(context.Background(), "*").Val() {
		if belongs(key) {
			rdb.Del(context.Background(), key)
		}
	}
	for key, value := range d {
		if belongs(key) {
			if err := rdb.Restore(context.Background(), key, 0, value).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Whatever falls back to whatever it was, by servers, and whichever shippers bring what in which order: once one of each
// ledger has looked through everything, Redis has each record once.
func TestAnyHistoryEndsWhole(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	rapid.Check(t, func(t *rapid.T) {
		rdb.FlushAll(context.Background())
		ledgers := []*memoryOutbox{newMemoryOutbox(), newMemoryOutbox()}
		shippers := make([]*Shipper, len(ledgers))
		restart := func(i int) {
			cfg := Config{Relay: []string{"relay-0", "relay-1"}[i], Epoch: []string{"a", "b"}[i], RunSize: 3}
			shippers[i] = New(cfg, ledgers[i], rdb)
		}
		restart(0)
		restart(1)
		dumps := []dump{{}}
		one := rapid.IntRange(0, 1)
		tenant := rapid.SampledFrom([]string{"acme", "beta"})
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"close": func(t *rapid.T) {
				for range rapid.IntRange(1, 9).Draw(t, "records") {
					n++
					i := one.Draw(t, "relay")
					epoch := rapid.SampledFrom([]string{"a", "a0"}).Draw(t, "epoch")
					ledgers[i].add(map[int]string{0: "", 1: "x"}[i]+epoch, someRecord(tenant.Draw(t, "tenant"), n))
				}
			},
			"ship one run": func(t *rapid.T) {
				i := one.Draw(t, "relay")
				at := stream{map[int]string{0: "", 1: "x"}[i] + "a", tenant.Draw(t, "tenant")}
				if _, err := shippers[i].shipRun(context.Background(), at); err != nil {
					t.Log(err) // a loss, which the next round mends
				}
			},
			"round": func(t *rapid.T) {
				if err := shippers[one.Draw(t, "relay")].round(context.Background()); err != nil {
					t.Log(err)
				}
			},
			"restart": func(t *rapid.T) { restart(one.Draw(t, "relay")) },
			"dump":    func(t *rapid.T) { dumps = append(dumps, takeDump(t, rdb)) },
			"fall back": func(t *rapid.T) {
				rapid.SampledFrom(dumps).Draw(t, "to").restore(t, rdb, func(string) bool { return true })
			},
			"a server falls back": func(t *rapid.T) {
				prefix := tenantKey(tenant.Draw(t, "tenant"), "")
				rapid.SampledFrom(dumps).Draw(t, "to").restore(t, rdb, func(key string) bool {
					return len(key) >= len(prefix) && key[:len(prefix)] == prefix
				})
			},
		})
		var all []billing.Record
		for i, s := range shippers {
			if err := s.All(context.Background()); err != nil {
				t.Fatal(err)
			}
			all = append(all, ledgers[i].all()...)
		}
		for _, ledger := range ledgers {
			verdict, err := NewReports(rdb, 0).Verify(context.Background(), ledger, defaultRetention)
			if err != nil || len(verdict.Faults) > 0 || verdict.Records != int64(len(ledger.all())) {
				t.Fatalf("Verify = %+v, %v, want %d records and no faults", verdict, err, len(ledger.all()))
			}
		}
		page, err := NewReports(rdb, 0).Records(context.Background(), billing.RecordsQuery{})
		if err != nil || len(page.Records) != len(all) {
			t.Fatalf("redis lists %d records, %v, want %d", len(page.Records), err, len(all))
		}
	})
}
