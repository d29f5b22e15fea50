package tests

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// rate is what an emulated vendor charges, in the terms of a price list.
type rate struct{ unit, amount, currency string }

// rates are by adapter. Of kugelaudio's the vendor tells the sums itself.
var rates = map[string]rate{
	"kugelaudio": {"audio_second", "0.0009", "EUR"},
	"uplift":     {"character", "0.00003", "USD"},
	"vogent":     {"character", "0.00003", "USD"},
	"together":   {"character", "0.000004", "USD"},
	"cartesia":   {"character", "0.00003", "USD"},
	"deepgram":   {"character", "0.00003", "USD"},
	"elevenlabs": {"character", "0.0001", "USD"},
	"zeligate":   {"audio_second", "0.001", "USD"}, // run by oneself: what a second costs is the operator's reckoning
}

// mood is how the vendors of one kind behave, and how what is ordered of them ends.
type mood string

const (
	well mood = "well" // all that is ordered is spoken
	cut  mood = "cut"  // its client has enough before the end
	ill  mood = "ill"  // it breaks off
	late mood = "late" // another is asked meanwhile
)

// mixture is a relay over all vendors in all moods.
type mixture struct {
	*relay
	vendors map[string]*vendor // by provider
	names   []string           // of the adapters
}

func mix(t *testing.T) *mixture {
	t.Helper()
	x := &mixture{vendors: map[string]*vendor{}, names: slices.Sorted(maps.Keys(rates))}
	for _, adapter := range x.names {
		for m, fault := range map[mood]string{well: "", cut: "", ill: "drop:700ms", late: "late:3s"} {
			x.vendors[adapter+"-"+string(m)] = mixed(t, adapter, fault)
		}
	}
	cfg := speaksBy(slices.Sorted(maps.Keys(x.vendors)), x.vendors)
	cfg.Routes["default"] = cfg.Routes["kugelaudio-well"]
	for i, adapter := range x.names {
		next := x.names[(i+1)%len(x.names)] + "-well"
		for m, hedge := range map[mood]string{ill: "0s", late: "100ms"} {
			cfg.Routes[adapter+"-"+string(m)+"-then"] = cfg.Routes[adapter+"-"+string(m)].then(cfg.Routes[next], hedge)
		}
	}
	for name, v := range x.vendors {
		p := cfg.Providers[name]
		p.MaxConcurrent = 100
		cfg.Providers[name] = p
		r := rates[v.adapter]
		cfg.Prices = append(cfg.Prices, map[string]any{"provider": name, "model": "*", "unit": r.unit, "amount": r.amount, "currency": r.currency})
	}
	cfg.Circuit = map[string]any{"consecutive_failures": 1000, "min_requests": 1000}
	x.relay = serve(t, withTenants(cfg))
	return x
}

// mixed starts a vendor that charges by its rate.
func mixed(t *testing.T, adapter, fault string) *vendor {
	t.Helper()
	o := emulator.Options{Pace: 4}
	var err error
	if o.Fault, err = emulator.ParseFault(fault); err != nil {
		t.Fatal(err)
	}
	for o.Seed = 1; o.Seed < 100; o.Seed++ {
		v, err := emulator.New(adapter, o)
		if err != nil {
			t.Fatal(err)
		}
		if adapter != "uplift" || strings.Contains(v.Quirks(), "billsCharacters:true") {
			break
		}
	}
	return emulateBy(t, adapter, o)
}

// then is a route with another's targets after its own.
func (r route) then(next route, hedgeAfter string) route {
	r.Targets = slices.Concat(r.Targets, next.Targets)
	r.HedgeAfter = hedgeAfter
	return r
}

// The account is what the vendors charge: to the millionth for what was spoken to its end, and elsewhere up to what was
// under way.
func TestSurvivesComparisonWithTheVendorsBills(t *testing.T) {
	amongOthers(t)
	x := mix(t)
	const callers = 10
	each := sized(5, 50) // so that each vendor has its turn at every story
	dones := make([][]message, callers)
	spoken := t.Run("callers", func(t *testing.T) {
		for n := range callers {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				c := x.dialWith(t, dialing{header: bearer(acmeKey)})
				for i := range each {
					dones[n] = append(dones[n], x.tell(c, n+callers*i)...)
				}
			})
		}
	})
	if !spoken {
		return
	}
	all := slices.Concat(dones...)
	checkRecords(t, x.records(t, acmeKey, "limit=1000"), "acme", all)
	checkSum(t, x.usage(t, acmeKey, "group_by=tenant").Groups[0], all)
	x.audit(t, all)
}

// tell plays the nth story, whose kind and vendor follow from its number, and gives back the ends of its generations.
func (x *mixture) tell(c *client, n int) []message {
	stories := []func(c *client, id, adapter string) []message{x.whole, x.cancelled, x.failed, x.takenOver, x.hedged, x.superseded}
	adapter := x.names[n/len(stories)%len(x.names)]
	return stories[n%len(stories)](c, fmt.Sprint("g", n), adapter)
}

func (x *mixture) whole(c *client, id, adapter string) []message {
	c.send(j{"type": "generate", "generation_id": id, "text": threeSentences, "route": adapter + "-well"})
	return []message{c.completed(id)}
}

func (x *mixture) cancelled(c *client, id, adapter string) []message {
	c.send(j{"type": "generate", "generation_id": id, "text": threeSentences, "route": adapter + "-cut"})
	c.await("audio of "+id, of("audio", id))
	c.send(j{"type": "cancel", "generation_id": id})
	return []message{c.done(id)}
}

func (x *mixture) failed(c *client, id, adapter string) []message {
	c.send(j{"type": "generate", "generation_id": id, "text": threeSentences, "route": adapter + "-ill"})
	return []message{c.done(id)}
}

func (x *mixture) takenOver(c *client, id, adapter string) []message {
	c.send(j{"type": "generate", "generation_id": id, "text": threeSentences, "route": adapter + "-ill-then"})
	return []message{c.completed(id)}
}

func (x *mixture) hedged(c *client, id, adapter string) []message {
	c.send(j{"type": "generate", "generation_id": id, "text": twelve, "route": adapter + "-late-then"})
	return []message{c.completed(id)}
}

// superseded has a context of two, of which the second is short, and ready when another voice takes the first one over.
func (x *mixture) superseded(c *client, id, adapter string) []message {
	c.send(j{"type": "generate", "generation_id": id, "context_id": id, "text": threeSentences, "route": adapter + "-ill-then"})
	c.send(j{"type": "generate", "generation_id": id + ".next", "context_id": id, "text": "Dog.", "route": adapter + "-ill-then"})
	return []message{c.completed(id), c.completed(id + ".next")}
}

// bill is what was booked of a provider, in millionths.
type bill struct {
	attempts, unpriced int
	booked             int64
	outcomes           map[string]int
}

// audit compares the account with what each vendor charges, and prints it.
func (x *mixture) audit(t *testing.T, dones []message) {
	t.Helper()
	bills := map[string]*bill{}
	for _, m := range dones {
		for _, a := range m.Usage.Attempts {
			b := bills[a.Provider]
			if b == nil {
				b = &bill{outcomes: map[string]int{}}
				bills[a.Provider] = b
			}
			b.add(t, a)
		}
	}
	t.Logf("%d generations; in millionths of a unit of currency", len(dones))
	for _, name := range slices.Sorted(maps.Keys(bills)) {
		b, v := bills[name], x.vendors[name]
		v.sees("the end of all", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
		c := v.charges()
		t.Logf("%-16s %3d attempts %v: booked %d, charged %d, difference %d", name, b.attempts, b.outcomes, b.booked, c.sum, b.booked-c.sum)
		if spoken := b.outcomes["completed"]; spoken == b.attempts {
			c.least, c.most = c.sum, c.sum
		} else if strings.HasSuffix(name, "-"+string(well)) && spoken < b.attempts*9/10 {
			t.Errorf("%s: outcomes %v, want nearly all completed", name, b.outcomes)
		}
		if b.booked < c.least || b.booked > c.most || b.unpriced > 0 {
			t.Errorf("%s: booked %d, with %d attempts unpriced, want %d to %d", name, b.booked, b.unpriced, c.least, c.most)
		}
	}
	for outcome, n := range outcomesIn(bills) {
		if n == 0 {
			t.Errorf("no attempt %s", outcome)
		}
	}
}

// outcomesIn counts the attempts by outcome over all providers.
func outcomesIn(bills map[string]*bill) map[string]int {
	all := map[string]int{"completed": 0, "cancelled": 0, "failed": 0, "hedged": 0, "superseded": 0}
	for _, b := range bills {
		for outcome, n := range b.outcomes {
			all[outcome] += n
		}
	}
	return all
}

func (b *bill) add(t *testing.T, a attempt) {
	t.Helper()
	b.attempts++
	b.outcomes[a.Outcome]++
	if a.Cost.Amount == nil {
		b.unpriced++
		return
	}
	b.booked += micros(t, *a.Cost.Amount)
}

// micros are a decimal's millionths.
func micros(t *testing.T, amount string) int64 {
	t.Helper()
	value, ok := new(big.Rat).SetString(amount)
	if !ok {
		t.Fatalf("amount %q", amount)
	}
	value.Mul(value, big.NewRat(1_000_000, 1))
	if !value.IsInt() {
		t.Fatalf("amount %s is finer than a millionth", amount)
	}
	return value.Num().Int64()
}

// charged is what a vendor charges in millionths, and the bounds of what may be booked of it: text is booked when it is
// ordered, though a vendor that is stopped may not have begun with it; audio when it is received, though more may be under
// way.
type charged struct{ sum, least, most int64 }

func (v *vendor) charges() (c charged) {
	r := rates[v.adapter]
	amount, _ := new(big.Rat).SetString(r.amount) // it is a decimal
	price := amount.Mul(amount, big.NewRat(1_000_000, 1))
	for _, s := range v.Stats().Streams {
		if r.unit == "character" {
			c.sum += s.Charge
			c.least += s.Charge
			c.most += rounded(new(big.Rat).Mul(price, new(big.Rat).SetInt64(int64(len(strings.Join(s.Texts, ""))))))
			continue
		}
		generated := rounded(new(big.Rat).Mul(price, big.NewRat(int64(s.Audio), int64(time.Second))))
		c.sum += generated
		c.most += generated
		if v.adapter != "zeligate" { // which generates a text whole before it sends any
			c.least += max(0, generated-rounded(price))
		}
	}
	return c
}

// rounded rounds half up.
func rounded(r *big.Rat) int64 {
	doubled := new(big.Rat).Add(new(big.Rat).Mul(r, big.NewRat(2, 1)), big.NewRat(1, 1))
	return new(big.Int).Quo(doubled.Num(), new(big.Int).Mul(doubled.Denom(), big.NewInt(2))).Int64()
}
