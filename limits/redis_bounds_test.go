package limits

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"
)

// inProcess is a store over a Redis within this process, on real time.
func inProcess(t *testing.T, cfg RedisConfig) (*Redis, *miniredis.Miniredis) {
	t.Helper()
	mini := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: mini.Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	cfg.Patience = 10 * time.Second
	r, err := NewRedis(cfg, client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(t.Context()) }) // where a test has taken Redis away, it can't be told
	return r, mini
}

func TestRedisRefusesKeysBeyondItsBound(t *testing.T) {
	r, _ := inProcess(t, RedisConfig{})
	r.admissions.maxKeys = 3
	ask := func(i int) (Grant, error) {
		return r.Admit(t.Context(), Admission{
			Tenant: "t", RecordID: fmt.Sprint(i), IdempotencyKey: fmt.Sprint("k", i), Window: time.Hour,
		})
	}
	for i := range 3 { // two have ended, one runs
		grant, err := ask(i)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			settleGrant(t, grant, true)
		}
	}
	_, err := ask(3)
	var refusal *RateError
	if !errors.As(err, &refusal) || refusal.PerMinute != 0 || refusal.RetryAfter <= 50*time.Minute || refusal.RetryAfter > 70*time.Minute {
		t.Fatalf("Admit = %+v, want to be told to wait for the bucket of an hour hence", err)
	}
	if _, err := r.Admit(t.Context(), Admission{Tenant: "t", RecordID: "4", Window: time.Hour}); err != nil {
		t.Errorf("without a key: Admit = %v", err)
	}
}

func TestEndsThatWaitForRedisAreBounded(t *testing.T) {
	r, _ := inProcess(t, RedisConfig{})
	r.admissions.unsettled = make([]settlement, maxUnsettled)
	grant, err := r.Admit(t.Context(), Admission{Tenant: "t", RecordID: "1", IdempotencyKey: "k", Window: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	r.link.mu.Lock()
	r.link.away = true // without the keeper's knowing, who would try to tell
	r.link.mu.Unlock()
	if err := grant.Settle(t.Context(), Completed, true); !errors.Is(err, errUnsettled) {
		t.Errorf("Settle = %v, want errUnsettled", err)
	}
	if err := grant.Settle(t.Context(), Completed, true); err != nil {
		t.Errorf("a second Settle = %v", err)
	}
}

func TestRedisKeepsNoKeyInTheClear(t *testing.T) {
	r, mini := inProcess(t, RedisConfig{})
	for i, key := range []string{"customer-4711", "customer-4712"} {
		grant, err := r.Admit(t.Context(), Admission{Tenant: "t", RecordID: fmt.Sprint(i), IdempotencyKey: key, Window: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			settleGrant(t, grant, true)
		}
	}
	dump := mini.Dump()
	if strings.Contains(dump, "471") {
		t.Errorf("a key stands in Redis:\n%s", dump)
	}
	if strings.Count(dump, "{t}") < 4 {
		t.Errorf("the dump holds too little to tell:\n%s", dump)
	}
}

// Everything in Redis is of a tenant, and vanishes by itself.
func TestRedisKeysAreOfATenantAndExpire(t *testing.T) {
	r, mini := inProcess(t, RedisConfig{Prefix: "p:"})
	for i := range 2 {
		grant, err := r.Admit(t.Context(), Admission{
			Tenant: "t", RecordID: fmt.Sprint(i), IdempotencyKey: fmt.Sprint(i), Window: time.Hour,
			Limits: Tenant{GenerationsPerMinute: 5},
		})
		if err != nil {
			t.Fatal(err)
		}
		reservation, err := r.Open(t.Context(), Expense{Owner: Owner{Tenant: "t"}, RecordID: fmt.Sprint(i), Budget: Budget{Currency: "EUR", Daily: 9}})
		if err != nil {
			t.Fatal(err)
		}
		if err := reservation.Reserve(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			settleGrant(t, grant, true)
			if err := reservation.Settle(t.Context(), Spent{"EUR": 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	keys := slices.DeleteFunc(mini.Keys(), func(key string) bool { return key == "p:secret" }) // of all tenants, for good
	if len(keys) != 12 {                                                                       // slots, running, owners, holders, ended and a bucket, rate; leases, holds, held, a day, a month
		t.Errorf("%d keys: %q", len(keys), keys)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "p:{t}:") {
			t.Errorf("key %q is not of the tenant", key)
		}
		if mini.TTL(key) <= 0 {
			t.Errorf("key %q stays for ever", key)
		}
	}
}

// The scripts count days as the calendar does.
func TestScriptsKnowTheCalendar(t *testing.T) {
	r, _ := inProcess(t, RedisConfig{})
	script := redis.NewScript(luaFile("clock") + luaFile("budget") + "\nreturn {date(tonumber(ARGV[1]))}")
	rapid.Check(t, func(rt *rapid.T) {
		const year2200 = 7_258_118_400_000
		ms := rapid.Int64Range(0, year2200).Draw(rt, "ms")
		reply, err := call{script, r.admissions.keys.budget(account{Owner{Tenant: "t"}, "EUR"}), []any{ms}}.run(t.Context(), r.link.client)
		if err != nil {
			rt.Fatal(err)
		}
		if got, want := word(reply, 0), day(time.UnixMilli(ms)); got != want {
			rt.Fatalf("date(%d) = %s, want %s", ms, got, want)
		}
	})
}

func TestUnknownVerdictsAreErrors(t *testing.T) {
	for _, reply := range [][]any{nil, {}, {int64(1)}, {"perhaps"}} {
		if refusal(reply, Tenant{}) == nil || budgetRefusal(reply, Expense{}) == nil {
			t.Errorf("%v counts as an admission", reply)
		}
	}
}
