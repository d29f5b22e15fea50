package tests

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/upstream/emulator"
)

// withBudget gives acme 1.00 a day, at a price of the vendor's.
func withBudget(cfg *config, unit, amount string) {
	cfg.Tenants = map[string]any{"acme": map[string]any{"budget": map[string]any{"daily": "1.00", "currency": "EUR"}}}
	cfg.Prices = []map[string]any{{"provider": "kugelaudio", "model": "*", "unit": unit, "amount": amount, "currency": "EUR"}}
}

// Many generations at once on two relays spend a budget no further than what was reserved for their texts: where
// the price is known beforehand, not a millionth too much. Where seconds are priced a piece may be longer than the 14
// characters a second that were reserved for it, but no text is begun after that.
func TestSurvivesABudgetSpentInParallel(t *testing.T) {
	for _, tt := range []struct {
		unit, amount string
		reserved     float64 // for a character
	}{
		{"character", "0.001", 0.001},
		{"audio_second", "0.014", 0.001},
	} {
		t.Run(tt.unit, func(t *testing.T) {
			agreeing(t, func(cfg *config) { withBudget(cfg, tt.unit, tt.amount) }, func(first, second *relay) string {
				calls := &spenders{t: t, relays: []*relay{first, second}, ends: map[string]int{}}
				calls.atOnce(sized(10, 40), 5)
				calls.leftovers()
				return calls.verdict(tt.reserved)
			})
		})
	}
}

// spenders spend acme's budget, and add up what they were told.
type spenders struct {
	t      *testing.T
	relays []*relay
	ends   map[string]int // by the code of an error; "": a good one
	dones  []message
}

// atOnce has connections begin several generations each, by turns at the relays, and waits for all their ends.
func (s *spenders) atOnce(connections, each int) {
	var clients []*client
	for i := range connections {
		c := s.relays[i%len(s.relays)].dialWith(s.t, dialing{query: "audio=binary", header: bearer(acmeKey)})
		clients = append(clients, c)
		for k := range each {
			c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", k), "text": threeSentences})
		}
	}
	for _, c := range clients {
		for k := range each {
			id := fmt.Sprint("g", k)
			s.note(c.await("the end of "+id, func(m message) bool { return m.ID == id && isEnd(m) }))
		}
	}
}

// leftovers spends what is left in small pieces, until there is none.
func (s *spenders) leftovers() {
	c := s.relays[0].dialWith(s.t, dialing{query: "audio=binary", header: bearer(acmeKey)})
	for i := range 200 {
		id := fmt.Sprint("left", i)
		c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
		m := c.await("the end of "+id, func(m message) bool { return m.ID == id && isEnd(m) })
		s.note(m)
		if endCode(m) == "quota_exceeded" {
			return
		}
	}
	c.fail("200 more generations, and the budget is not spent")
}

func (s *spenders) note(m message) {
	s.ends[endCode(m)]++
	if m.kind == "done" {
		s.dones = append(s.dones, m)
	}
}

// verdict says what is wrong with what was spent, by the clients and by the reports.
func (s *spenders) verdict(reserved float64) string {
	spent, dearest := 0.0, 1.0
	for _, m := range s.dones {
		cost, characters := m.paid()
		spent += cost
		if characters > 0 {
			dearest = max(dearest, cost/(float64(characters)*reserved))
		}
	}
	s.t.Logf("ends %v; spent %.6f of 1.00, a character at most %.2f times what was reserved for it", s.ends, spent, dearest)
	s.reported()
	const smallest = 9      // characters of what leftovers says
	const rounding = 1.0e-9 // of the sum
	if spent > float64(len(s.relays))*dearest+rounding {
		s.t.Errorf("%v spent of 1.00, which is more than each relay could have decided alone", spent)
	}
	switch {
	case s.ends[""] == 0 || s.ends["quota_exceeded"] < 2 || len(s.ends) > 2:
		return fmt.Sprintf("ends %v, want some over the budget, and the others good", s.ends)
	case spent > dearest+rounding:
		return fmt.Sprintf("%v spent of 1.00, though a character cost at most %v times what was reserved", spent, dearest)
	case spent <= 1-smallest*reserved:
		return fmt.Sprintf("%v spent of 1.00, and no more was granted", spent)
	}
	return ""
}

// paid is what a generation cost, near enough for a bound, and for how many characters.
func (m message) paid() (cost float64, characters int) {
	sum := map[string]*big.Rat{"EUR": {}}
	for _, c := range m.Usage.Cost {
		addCost(sum, *c.Currency, *c.Amount)
	}
	for _, a := range m.Usage.Attempts {
		characters += a.Characters
	}
	cost, _ = sum["EUR"].Float64()
	return cost, characters
}

// reported checks that the sums of each relay are exactly what the clients were told.
func (s *spenders) reported() {
	for _, r := range s.relays {
		var got report
		eventually(s.t, "all to be shipped", func() bool {
			got = r.usage(s.t, acmeKey, "")
			return got.Complete && len(got.Groups) == 1 && got.Groups[0].Generations == int64(len(s.dones))
		})
		checkSum(s.t, got.Groups[0], s.dones)
	}
}

// What a relay had reserved when it was killed is free again within 90 s, and not before its lease is over.
func TestSurvivesReservationsOfAKilledRelay(t *testing.T) {
	shared := ""
	budget := func(cfg *config) {
		withBudget(cfg, "character", "0.01")
		shared = strings.TrimPrefix(cfg.Redis["url"], "redis://")
	}
	agreeing(t, budget, func(first, second *relay) string {
		c := first.dialWith(t, dialing{header: bearer(acmeKey)})
		c.send(j{"type": "generate", "generation_id": "held", "text": "", "final": false})
		c.send(j{"type": "append", "generation_id": "held", "text": sentence(1, 12)})
		c.send(j{"type": "flush", "generation_id": "held"})
		c.await("audio", of("audio", "held"))
		other := second.dialWith(t, dialing{header: bearer(acmeKey)})
		if code := other.spends("before"); code != "quota_exceeded" {
			return fmt.Sprintf("another generation ends with %q while most of the budget is reserved", code)
		}
		killed := time.Now()
		first.Kill()
		c.overWithin(deadline)
		if code := other.spends("at-once"); code != "quota_exceeded" {
			return fmt.Sprintf("another generation ends with %q when the relay was just killed", code)
		}
		if !*proofs {
			expire(t, shared, killed)
		}
		for i := 0; ; i++ {
			code := other.spends("again" + strconv.Itoa(i))
			gone := time.Since(killed)
			if code == "" {
				t.Logf("the reservation was back %v after the kill", gone.Round(100*time.Millisecond))
				return ""
			}
			if gone > 91*time.Second || !*proofs { // the time between two tries included
				return fmt.Sprintf("a generation ends with %q %v after the kill", code, gone)
			}
			<-time.After(250 * time.Millisecond)
		}
	})
}

// spends asks for what needs nearly half of the budget, and returns the code of its end.
func (c *client) spends(id string) string {
	c.t.Helper()
	c.send(j{"type": "generate", "generation_id": id, "text": sentence(2, 7)})
	return endCode(c.await("the end of "+id, func(m message) bool { return m.ID == id && isEnd(m) }))
}

// expire checks that a dead relay's leases end within 90 s of its death, and lets that time go by in Redis.
func expire(t *testing.T, address string, died time.Time) {
	t.Helper()
	db := redis.NewClient(&redis.Options{Addr: address})
	defer db.Close()
	keys, err := db.Keys(t.Context(), "*{acme}:EUR:leases").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("leases in %q, %v", keys, err)
	}
	leases, err := db.ZRangeWithScores(t.Context(), keys[0], 0, -1).Result()
	if err != nil || len(leases) != 1 {
		t.Fatalf("leases %v, %v", leases, err)
	}
	if end := time.UnixMilli(int64(leases[0].Score)); end.After(died.Add(90*time.Second)) || end.Before(died) {
		t.Errorf("the lease ends %v after the kill, want some time within 90 s", end.Sub(died))
	}
	if err := db.ZIncrBy(t.Context(), keys[0], -90_000, leases[0].Member.(string)).Err(); err != nil {
		t.Fatal(err)
	}
}

// A tenant with a budget is never spoken to by a target whose price is not known, though it is the first of the route;
// others are.
func TestSurvivesUnpricedTargets(t *testing.T) {
	amongOthers(t)
	free, priced := emulateBy(t, "together", emulator.Options{}), emulate(t, emulator.Options{})
	cfg := withTenants(speaksBy([]string{"free", "kugelaudio"}, map[string]*vendor{"free": free, "kugelaudio": priced}))
	withBudget(cfg, "character", "0.0001")
	cfg.Redis = map[string]string{"url": "redis://" + startRedis(t).Addr}
	relays := []*relay{serve(t, cfg), serve(t, cfg)}
	many := sized(10, 100)
	for _, r := range relays {
		c := r.dialWith(t, dialing{query: "audio=binary", header: bearer(acmeKey)})
		for i := range many {
			c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": "lazy dog."})
			c.completed(fmt.Sprint("g", i))
		}
		c.send(j{"type": "generate", "generation_id": "only", "text": "lazy dog.", "route": "free"})
		if m := c.await("an end", func(m message) bool { return m.ID == "only" && isEnd(m) }); endCode(m) == "" {
			t.Errorf("an unpriced target alone: %s", m)
		}
	}
	if n := len(free.Stats().Streams); n > 0 {
		t.Errorf("%d generations of a tenant with a budget were spoken by an unpriced target", n)
	}
	c := relays[0].dialWith(t, dialing{header: bearer(betaKey)})
	c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	c.completed("g")
	if len(free.Stats().Streams) != 1 {
		t.Error("the unpriced target does not speak at all: this shows nothing")
	}
}
