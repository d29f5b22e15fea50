package tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/upstream/emulator"
)

// spending is a configuration in which acme has so many characters a day, at a cent each.
func spending(t *testing.T, characters int) *config {
	t.Helper()
	cfg := withTenants(speaksByOne(emulate(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.NullCost}})))
	daily := fmt.Sprintf("%d.%02d", characters/100, characters%100)
	cfg.Tenants = map[string]any{"acme": map[string]any{"budget": map[string]any{"daily": daily, "currency": "EUR"}}}
	cfg.Prices = []map[string]any{{"provider": "kugelaudio", "model": "*", "unit": "character", "amount": "0.01", "currency": "EUR"}}
	return cfg
}

// withBothStores runs a body over relays that keep budgets alone, and with a Redis.
func withBothStores(t *testing.T, body func(t *testing.T, share func(*config))) {
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		body(t, func(*config) {})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		url := "redis://" + startRedis(t).Addr
		body(t, func(c *config) { c.Redis = map[string]string{"url": url} })
	})
}

// Of forty texts at once those ten are spoken that can be paid, each to its end; the others are refused before a word.
func TestTextsAreSpokenWholeOrNotAtAll(t *testing.T) {
	withBothStores(t, func(t *testing.T, share func(*config)) {
		const connections, each, paid = 4, 10, 10
		length := len(threeSentences)
		cfg := spending(t, paid*length+length/2)
		share(cfg)
		r := serve(t, cfg)
		calls := &spenders{t: t, relays: []*relay{r}, ends: map[string]int{}}
		calls.atOnce(connections, each)
		if calls.ends[""] != paid || calls.ends["quota_exceeded"] != connections*each-paid || len(calls.dones) != paid {
			t.Errorf("ends %v with %d dones, want %d whole and the others refused", calls.ends, len(calls.dones), paid)
		}
		for _, m := range calls.dones {
			if cost, _ := m.paid(); m.Reason != "completed" || m.Spoken.Char < length-1 || cost != float64(length)/100 {
				t.Errorf("spoken to %d of %d for %v: %s", m.Spoken.Char, length, cost, m)
			}
		}
		body := strings.NewReader(`{"text":"` + threeSentences + `"}`)
		req, err := http.NewRequest(http.MethodPost, r.url+"/v1/speech", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = bearer(acmeKey)
		req.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusPaymentRequired {
			t.Errorf("by HTTP: %s, want 402", answer.Status)
		}
	})
}

// What comes piece by piece is heard to the end of the last sentence that can be paid.
func TestAnOpenTextEndsAtThePaidSentence(t *testing.T) {
	withBothStores(t, func(t *testing.T, share func(*config)) {
		sentences := []string{sentence(1, 6), " " + sentence(2, 5), " " + sentence(3, 7), " " + sentence(4, 6)}
		paid := len(sentences[0]) + len(sentences[1])
		cfg := spending(t, paid+len(sentences[2])/2)
		share(cfg)
		c := serve(t, cfg).dialWith(t, dialing{header: bearer(acmeKey)})
		c.send(j{"type": "generate", "generation_id": "g", "text": "", "final": false})
		for word := range strings.SplitAfterSeq(strings.Join(sentences, ""), " ") {
			c.send(j{"type": "append", "generation_id": "g", "text": word})
		}
		c.send(j{"type": "finish", "generation_id": "g"})
		m := c.await("the end", func(m message) bool { return m.ID == "g" && isEnd(m) })
		cost, characters := m.paid()
		same(t, "end", m.kind+" "+m.Reason+" "+endCode(m), "done failed quota_exceeded")
		if m.Spoken.Char < paid-1 || m.Spoken.Char > paid {
			t.Errorf("spoken to %d of %d paid: %s", m.Spoken.Char, paid, m)
		}
		if cost != float64(characters)/100 || characters > paid {
			t.Errorf("%v for %d characters, want no more than the %d that were heard", cost, characters, paid)
		}
		if m.Error == nil || m.Error.RetryAfterMS == nil || *m.Error.RetryAfterMS > (24*time.Hour).Milliseconds() || !strings.Contains(m.Error.Text, " EUR left") {
			t.Errorf("the error says %+v", m.Error)
		}
	})
}

// Cancelled at once, a generation of a tenant with a budget is cancelled like any other.
func TestCancelledAtOnceWithABudget(t *testing.T) {
	withBothStores(t, func(t *testing.T, share func(*config)) {
		cfg := spending(t, 10_000) // for all of them, however late a cancel comes
		share(cfg)
		r := serve(t, cfg)
		for i := range 10 {
			c := r.dialWith(t, dialing{header: bearer(acmeKey)})
			id := fmt.Sprint("g", i)
			c.send(j{"type": "generate", "generation_id": id, "text": threeSentences})
			c.send(j{"type": "cancel", "generation_id": id})
			if m := c.await("the end", func(m message) bool { return m.ID == id && isEnd(m) }); m.kind != "done" || m.Reason != "cancelled" {
				t.Errorf("%s, want it cancelled", m)
			}
		}
	})
}

// A relay that was killed and is back takes no one else's slots.
func TestAKilledRelayIsBackWithItsSlots(t *testing.T) {
	var cfg *config
	twoAtOnce := func(c *config) {
		c.Tenants = map[string]any{"acme": map[string]any{"limits": map[string]any{"max_concurrent_generations": 2}}}
		cfg = c
	}
	agreeing(t, twoAtOnce, func(first, second *relay) string {
		c := first.dialWith(t, dialing{header: bearer(acmeKey)})
		for i := range 2 {
			c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": "", "final": false})
			c.await("accepted", of("accepted", fmt.Sprint("g", i)))
		}
		other := second.dialWith(t, dialing{header: bearer(acmeKey)})
		other.send(j{"type": "generate", "generation_id": "full", "text": "lazy dog."})
		if m := other.await("the end", isEnd); endCode(m) != "too_many_generations" || m.RetryAfterMS == nil || *m.RetryAfterMS < 1 {
			return fmt.Sprintf("both slots are taken, and a third is told %s", m)
		}
		first.Kill()
		c.overWithin(deadline)
		again := serveIn(t, first.dir, cfg)
		tries := 0
		eventually(t, "a slot to be free", func() bool {
			tries++
			id := fmt.Sprint("free", tries)
			other.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
			return other.await("the end", func(m message) bool { return m.ID == id && isEnd(m) }).kind == "done"
		})
		back := again.dialWith(t, dialing{header: bearer(acmeKey)})
		back.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
		back.completed("g")
		return ""
	})
}

// What a killed relay was speaking counts against the budget once the relay is back, and no more of it is set aside.
func TestBudgetsCountWhatAKillInterrupted(t *testing.T) {
	t.Parallel()
	cfg := spending(t, 100)
	address := startRedis(t).Addr
	cfg.Redis = map[string]string{"url": "redis://" + address}
	dir := t.TempDir()
	r := serveIn(t, dir, cfg)
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	said := sentence(1, 6)
	c.send(j{"type": "generate", "generation_id": "g", "text": said, "final": false})
	c.send(j{"type": "append", "generation_id": "g", "text": " And this is not over"})
	c.await("audio", of("audio", "g"))
	r.Kill()
	c.overWithin(deadline)
	serveIn(t, dir, cfg)
	db := redis.NewClient(&redis.Options{Addr: address})
	defer db.Close()
	eventually(t, "the budget to know", func() bool {
		left, err := db.HLen(t.Context(), "voicerelay:{acme}:EUR:holds").Result()
		if err != nil || left > 0 {
			return false
		}
		spent, err := db.HGet(t.Context(), "voicerelay:{acme}:EUR:spent:"+time.Now().UTC().Format(time.DateOnly), "sum").Int()
		return err == nil && spent == len(said)*10_000
	})
}
