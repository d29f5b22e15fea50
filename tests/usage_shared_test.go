package tests

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// sharing is two relays on one Redis, each with a ledger of its own.
func sharing(t *testing.T, s *redisServer) (first, second *relay) {
	t.Helper()
	cfg := withTenants(speaksByOne(emulate(t, emulator.Options{})))
	cfg.Redis = map[string]string{"url": "redis://" + s.Addr}
	return serve(t, cfg), serve(t, cfg)
}

// Either relay answers for both, and each ledger agrees with Redis.
func TestRelaysOnOneRedisAnswerAlike(t *testing.T) {
	t.Parallel()
	first, second := sharing(t, startRedis(t))
	dones := []message{}
	for i, r := range []*relay{first, second, second} {
		c := r.dialWith(t, dialing{header: bearer(acmeKey)})
		c.send(j{"type": "generate", "generation_id": string(rune('a' + i)), "text": "lazy dog."})
		dones = append(dones, c.completed(string(rune('a'+i))))
	}
	for _, r := range []*relay{first, second} {
		eventually(t, "all three to be shipped", func() bool {
			got := r.usage(t, acmeKey, "")
			return got.Complete && len(got.Groups) == 1 && got.Groups[0].Generations == 3
		})
		checkSum(t, r.usage(t, acmeKey, "group_by=key").Groups[0], dones)
		checkRecords(t, r.records(t, acmeKey, "limit=2"), "acme", dones)
	}
	for _, r := range []*relay{first, second} {
		if got := run(t, r.dir, "", "ledger", "verify"); got.code != 0 || !strings.Contains(got.out, "no fault found") {
			t.Errorf("verify ends with %d:\n%s%s", got.code, got.out, got.errout)
		}
		if got := run(t, r.dir, "", "usage", "-csv", "-by", "tenant"); got.code != 0 || !strings.Contains(got.out, "\nacme,3,3,") {
			t.Errorf("usage ends with %d:\n%s%s", got.code, got.out, got.errout)
		}
	}
}

func TestAnIdempotencyKeyIsUsedOnceOverRelays(t *testing.T) {
	agreeing(t, func(*config) {}, func(first, second *relay) string {
		a, b := first.dialWith(t, dialing{header: bearer(acmeKey)}), second.dialWith(t, dialing{header: bearer(acmeKey)})
		a.send(j{"type": "generate", "generation_id": "one", "idempotency_key": "order-7", "text": "lazy dog."})
		done := a.completed("one")
		b.send(j{"type": "generate", "generation_id": "two", "idempotency_key": "order-7", "text": "lazy dog."})
		m := b.await("an end", isEnd)
		if endCode(m) != "duplicate_request" || m.First == nil || m.First.RecordID != done.RecordID || m.First.State != "completed" {
			return fmt.Sprintf("the second use: %s, want a duplicate of %s", m, done)
		}
		return ""
	})
}

// Each costs 0.09 of the 0.50, so the sixth is one too many, whichever relays they go to. The other tenant has no
// budget.
func TestABudgetHoldsOverRelays(t *testing.T) {
	budget := func(cfg *config) {
		cfg.Tenants = map[string]any{"acme": map[string]any{"budget": map[string]any{"daily": "0.50", "currency": "EUR"}}}
		cfg.Prices = []map[string]any{{"provider": "kugelaudio", "model": "*", "unit": "character", "amount": "0.01", "currency": "EUR"}}
	}
	agreeing(t, budget, func(first, second *relay) string {
		ends := make(map[string]int)
		for i := range 10 {
			c := []*relay{first, second}[i%2].dialWith(t, dialing{header: bearer(acmeKey)})
			c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
			ends[endCode(c.await("an end", isEnd))]++
		}
		c := first.dialWith(t, dialing{header: bearer(betaKey)})
		c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
		c.completed("g")
		if ends[""] != 5 || ends["quota_exceeded"] != 5 {
			return fmt.Sprintf("ends %v, want five spoken and five over the budget", ends)
		}
		return ""
	})
}

// agreeing tells a story of two relays that can agree all the while; it says what is wrong with its end. On a busy
// machine Redis may answer later than they wait: then each rightly decides alone, and the story is told again. Such
// tests do not run in parallel with others.
func agreeing(t *testing.T, change func(*config), story func(first, second *relay) string) {
	t.Helper()
	const tries = 5
	for range tries {
		cfg := withTenants(speaksByOne(emulate(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.NullCost}})))
		cfg.Redis = map[string]string{"url": "redis://" + startRedis(t).Addr}
		change(cfg)
		first, second := serve(t, cfg), serve(t, cfg)
		wrong := story(first, second)
		if wrong == "" {
			return
		}
		if first.agrees(t) && second.agrees(t) {
			t.Fatal(wrong)
		}
	}
	t.Skip("the machine is too busy for a Redis that answers in time")
}

// agrees reports whether Redis was never away for the relay.
func (r *relay) agrees(t *testing.T) bool {
	t.Helper()
	return strings.Contains(string(r.get(t, "/metrics", bearer(opsKey)).body), "relay_store_away_total 0\n")
}

// isEnd is for await: a refusal, or a generation's end.
func isEnd(m message) bool { return m.kind == "error" || m.kind == "done" }

// endCode is the code of a refusal or of a failed generation.
func endCode(m message) string {
	if m.Error != nil {
		return m.Error.Code
	}
	return m.Code
}

// While Redis is away the relay speaks and records on, says that it is alone, and makes up for it by itself.
func TestRedisGoesAndComesBack(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	first, second := sharing(t, s)
	c := first.dialWith(t, dialing{header: bearer(acmeKey)})
	dones := []message{}
	speak := func(id string) {
		t.Helper()
		c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
		dones = append(dones, c.completed(id))
	}
	speak("before")
	s.Kill()
	speak("alone")
	ready := first.get(t, "/readyz", nil)
	if ready.status != http.StatusOK || !bytes.Contains(ready.body, []byte("degraded")) {
		t.Errorf("/readyz answers %d %s without Redis", ready.status, ready.body)
	}
	if got := first.usage(t, acmeKey, ""); got.Complete || len(got.Groups) != 1 || got.Groups[0].Generations != 2 {
		t.Errorf("usage without Redis %+v, want this relay's two generations and no more claimed", got)
	}
	if p := first.get(t, "/v1/usage/records", bearer(acmeKey)).problem(t); p.Code != "ledger_unavailable" || !p.Retryable {
		t.Errorf("records without Redis: %+v", p)
	}
	if got := run(t, first.dir, "", "usage", "-csv"); got.code != 0 || !strings.Contains(got.out, "\n2,2,") || got.errout == "" {
		t.Errorf("the command ends with %d without Redis:\n%s%s", got.code, got.out, got.errout)
	}
	s.Start()
	eventually(t, "both relays to agree again", func() bool {
		ready := first.get(t, "/readyz", nil)
		got := second.usage(t, acmeKey, "")
		return !bytes.Contains(ready.body, []byte("degraded")) && got.Complete && len(got.Groups) == 1 && got.Groups[0].Generations == 2
	})
	checkRecords(t, second.records(t, acmeKey, ""), "acme", dones)
	if metrics := string(first.get(t, "/metrics", bearer(opsKey)).body); !strings.Contains(metrics, "relay_store_away_total ") || first.agrees(t) {
		t.Errorf("relay_store_away_total did not count the time away")
	}
}

// A Redis that never was there is told of at the start, and keeps no relay from speaking or stopping.
func TestARelayStartsWithoutItsRedis(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	s.Kill()
	first, _ := sharing(t, s)
	eventually(t, "/readyz to say so", func() bool { return bytes.Contains(first.get(t, "/readyz", nil).body, []byte("degraded")) })
	c := first.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	if m := c.completed("g"); !m.Usage.Recorded {
		t.Errorf("not recorded: %s", m)
	}
	first.Terminate()
	if code := first.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	c.overWithin(deadline)
	s.Start()
	if got := run(t, first.dir, "", "ledger", "ship"); got.code != 0 {
		t.Errorf("ship ends with %d:\n%s%s", got.code, got.out, got.errout)
	}
	if got := run(t, first.dir, "", "ledger", "verify"); got.code != 0 || !strings.Contains(got.out, "redis: 1 records compared") {
		t.Errorf("verify ends with %d:\n%s%s", got.code, got.out, got.errout)
	}
}

// A tenant that gets a budget while relays run has spent already what their records say, at both at once.
func TestABudgetBeginsFromWhatWasSpent(t *testing.T) {
	var cfg *config
	priced := func(c *config) {
		c.Prices = []map[string]any{{"provider": "kugelaudio", "model": "*", "unit": "character", "amount": "0.01", "currency": "EUR"}}
		cfg = c
	}
	agreeing(t, priced, func(first, second *relay) string {
		c := first.dialWith(t, dialing{header: bearer(acmeKey)})
		c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
		c.completed("g") // 0.09
		eventually(t, "the record to be shipped", func() bool { return len(second.usage(t, acmeKey, "").Groups) == 1 })
		for _, bounds := range []map[string]any{{"daily": "0.10"}, {"monthly": "0.10"}} {
			bounds["currency"] = "EUR"
			changed := *cfg
			changed.Tenants = map[string]any{"acme": map[string]any{"budget": bounds}}
			for _, r := range []*relay{first, second} {
				r.reload(&changed)
				c := r.dialWith(t, dialing{header: bearer(acmeKey)})
				c.send(j{"type": "generate", "generation_id": "g", "text": "Hi."})
				if m := c.await("an end", isEnd); endCode(m) != "quota_exceeded" || m.kind != "error" {
					return fmt.Sprintf("with %v: %s, want it refused", bounds, m)
				}
			}
		}
		return ""
	})
}
