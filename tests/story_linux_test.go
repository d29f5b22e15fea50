package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// site is what an operator has: two relays on one Redis behind a balancer, two vendors, and Prometheus with its alerts. Stories
// of what happens to it say what tells the operator so: the alert, the log's line, the endpoint, the record.
type site struct {
	*prometheus
	t      *testing.T
	relays []*relay
	front  *relay // the balancer, as clients know the relays
	redis  *redisServer
	// The vendors of the route, in its order.
	first, second *vendor
}

// newSite starts one; change, if there is any, has the last word on its configuration.
func newSite(t *testing.T, change func(*config)) *site {
	t.Helper()
	return newSiteOn(t, serve, change)
}

// newSiteOn is newSite whose second relay is started in another way.
func newSiteOn(t *testing.T, serveSecond func(*testing.T, *config) *relay, change func(*config)) *site {
	t.Helper()
	f := &site{t: t, redis: startRedis(t)}
	f.first = emulate(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.NullCost}})
	f.second = emulate(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.NullCost}})
	addresses := []string{process.FreeAddress(t), process.FreeAddress(t)}
	for i, address := range addresses {
		c := withTenants(speaksBy([]string{"first", "second"}, map[string]*vendor{"first": f.first, "second": f.second}))
		c.Listen, c.Proxies = address, []string{"127.0.0.1/32"}
		c.Redis = map[string]string{"url": "redis://" + f.redis.Addr}
		c.Prices = []map[string]any{
			{"provider": "first", "model": "*", "unit": "character", "amount": "0.01", "currency": "EUR"},
			{"provider": "second", "model": "*", "unit": "character", "amount": "0.01", "currency": "EUR"},
		}
		if change != nil {
			change(c)
		}
		if i == 1 {
			f.relays = append(f.relays, serveSecond(t, c))
		} else {
			f.relays = append(f.relays, serve(t, c))
		}
	}
	front := process.FreeAddress(t)
	startHAProxy(t, front, addresses)
	f.front = &relay{t: t, url: "http://" + front}
	f.prometheus = startPrometheus(t, addresses, hurriedAlerts(t))
	eventually(t, "Prometheus to scrape both relays", func() bool { return f.sum(t, "relay_store_up") == 2 })
	if firing := f.firing(t); len(firing) > 0 {
		t.Errorf("alerts fire before anything has happened: %q", firing)
	}
	return f
}

// fires waits for an alert.
func (f *site) fires(alert string) {
	f.t.Helper()
	eventually(f.t, "alert "+alert, func() bool { return f.isFiring(f.t, alert) })
}

// resolves waits for an alert's end.
func (f *site) resolves(alert string) {
	f.t.Helper()
	eventually(f.t, "the end of alert "+alert, func() bool { return !f.isFiring(f.t, alert) })
}

// calls are texts that a caller of acme has spoken through the balancer, one after the other; it returns how each ended: "", or
// the code of its refusal or failure.
func (f *site) calls(n int) (ends []string) {
	f.t.Helper()
	for range n {
		c := f.front.dialWith(f.t, dialing{header: bearer(acmeKey)})
		c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog.", "metadata": j{"call": "call-7"}})
		ends = append(ends, endCode(c.await("an end", isEnd)))
		c.finish()
	}
	return ends
}

// speaks wants calls to be spoken whole.
func (f *site) speaks(n int) {
	f.t.Helper()
	if ends := f.calls(n); strings.Join(ends, "") != "" {
		f.t.Errorf("of %d calls some failed: %q", n, ends)
	}
}

// logged waits until a relay of the site has logged a line with all of some texts.
func (f *site) logged(texts ...string) {
	f.t.Helper()
	eventually(f.t, fmt.Sprintf("a log line with %q", texts), func() bool {
		for _, r := range f.relays {
			for line := range strings.Lines(r.Log.Text()) {
				if hasAll(line, texts) {
					return true
				}
			}
		}
		return false
	})
}

// shows waits until a section of what the console shows, as the first relay has it, holds what is wanted.
func (f *site) shows(section, what string, holds func(section string) bool) {
	f.t.Helper()
	eventually(f.t, "the console to show "+what, func() bool { return holds(string(f.relays[0].snapshot(f.t)[section])) })
}

// snapshot is the first line of GET /v1/live.
func (r *relay) snapshot(t *testing.T) (sections map[string]json.RawMessage) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = bearer(opsKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&sections); err != nil {
		t.Fatal(err)
	}
	return sections
}

func hasAll(line string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(line, text) {
			return false
		}
	}
	return true
}

// A vendor goes down: calls are spoken by the next one, and its circuit opens.
func TestStoryAVendorGoesDown(t *testing.T) {
	t.Parallel()
	f := newSite(t, func(c *config) { c.Circuit = map[string]any{"open_for": "1m"} })
	f.first.SetFault(emulator.Fault{Kind: emulator.Refuse, Code: http.StatusBadGateway})
	eventually(t, "the circuit to open", func() bool { f.speaks(5); return f.isFiring(t, "VendorIsLeftAlone provider=first") })
	f.logged(`"message":"attempt failed"`, `"provider":"first"`)
	f.logged(`"message":"circuit changed"`, `"provider":"first"`, `"circuit":"open"`)
	f.shows("providers", "an open circuit", func(s string) bool { return strings.Contains(s, `"circuit":"open"`) })
	state := f.front.stateAs(t, opsKey, "first")
	if state.LastError == nil || !strings.Contains(*state.LastError, "502") {
		t.Errorf("GET /v1/providers says %+v", state)
	}
	if n := f.sum(t, `relay_attempts_total{provider="first",outcome="failed"}`); n == 0 {
		t.Error("no failed attempt is counted")
	}
	for _, r := range f.front.records(t, acmeKey, "limit=3") {
		if last := r.Attempts[len(r.Attempts)-1]; r.Outcome != "completed" || last.Provider != "second" {
			t.Errorf("recorded %+v", r)
		}
	}
}

// A call was silent: what the caller reports, the id of its call, leads to the generation, the vendor and the vendor's own id.
func TestStoryACallWasSilent(t *testing.T) {
	t.Parallel()
	f := newSite(t, nil)
	for _, v := range []*vendor{f.first, f.second} {
		v.SetFault(emulator.Fault{Kind: emulator.Drop})
	}
	ends := f.calls(1)
	if ends[0] == "" {
		t.Fatal("the call was spoken")
	}
	f.fires("CallersHearNothing")
	var found struct {
		Failures []struct {
			RecordID string `json:"record_id"`
			Attempts []struct {
				Provider   string
				UpstreamID string `json:"upstream_id"`
			}
		}
	}
	for _, r := range f.relays { // each has its own
		if err := json.Unmarshal(r.get(t, "/v1/failures?metadata=call=call-7", bearer(acmeKey)).body, &found); err != nil {
			t.Fatal(err)
		}
		if len(found.Failures) > 0 {
			break
		}
	}
	if len(found.Failures) != 1 || len(found.Failures[0].Attempts) != 2 {
		t.Fatalf("GET /v1/failures has %+v", found)
	}
	failure := found.Failures[0]
	f.logged(`"message":"attempt failed"`, failure.RecordID, `"provider":"first"`)
	f.logged(`"message":"generation ended"`, failure.RecordID, `"reason":"failed"`)
	eventually(t, "the record to be there", func() bool {
		for _, r := range f.front.records(t, acmeKey, "metadata=call=call-7") {
			if r.RecordID == failure.RecordID && r.Outcome == "failed" && len(r.Attempts) == 2 {
				return true
			}
		}
		return false
	})
}

// A budget runs out: its tenant is refused, another one is not, and both the tenant and the operator can see it.
func TestStoryABudgetRunsOut(t *testing.T) {
	t.Parallel()
	f := newSite(t, func(c *config) { // nine characters a call: five calls
		c.Tenants = map[string]any{"acme": map[string]any{"budget": map[string]any{"daily": "0.45", "currency": "EUR"}}}
	})
	f.speaks(5)
	for _, alert := range []string{"BudgetNearlySpent tenant=acme", "BudgetSpent tenant=acme"} {
		f.fires(alert)
	}
	if ends := f.calls(2); ends[0] != "quota_exceeded" || ends[1] != "quota_exceeded" {
		t.Errorf("beyond the budget: %q", ends)
	}
	f.logged(`"message":"refused"`, `"code":"quota_exceeded"`, `"tenant":"acme"`)
	eventually(t, "both refusals to be scraped", func() bool { return f.sum(t, `relay_refusals_total{code="quota_exceeded"}`) == 2 })
	var budgets struct {
		Budgets []struct {
			Tenant string
			Daily  struct{ Spent, Left string }
		}
	}
	if err := json.Unmarshal(f.front.get(t, "/v1/budgets", bearer(acmeKey)).body, &budgets); err != nil {
		t.Fatal(err)
	}
	if b := budgets.Budgets; len(b) != 1 || b[0].Tenant != "acme" || b[0].Daily.Spent != "0.450000" || b[0].Daily.Left != "0.000000" {
		t.Errorf("GET /v1/budgets says %+v", budgets)
	}
	c := f.front.dialWith(t, dialing{header: bearer(betaKey)})
	c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	c.completed("g")
}

// Redis is lost: calls go on, each relay decides by itself, and what was spoken meanwhile is counted once it is back.
func TestStoryRedisIsLost(t *testing.T) {
	t.Parallel()
	f := newSite(t, nil)
	f.speaks(2)
	f.redis.Kill()
	f.speaks(4)
	for _, r := range f.relays {
		f.fires("RelaysDecideAlone instance=" + r.address())
	}
	f.logged(`"message":"usage records are not shipped"`)
	f.shows("relays", "a relay that decides alone", func(s string) bool { return strings.Contains(s, `"degraded_since":"2`) })
	eventually(t, "the records to wait", func() bool { return f.sum(t, "relay_unshipped_records") >= 4 })
	if got := f.front.usage(t, acmeKey, ""); got.Complete {
		t.Errorf("the report of one relay claims to be complete: %+v", got)
	}
	f.redis.Start()
	for _, r := range f.relays {
		f.resolves("RelaysDecideAlone instance=" + r.address())
	}
	f.logged(`"message":"usage records are shipped again"`)
	eventually(t, "all six calls to be in the report", func() bool {
		got := f.front.usage(t, acmeKey, "")
		return got.Complete && len(got.Groups) == 1 && got.Groups[0].Generations == 6
	})
}

// The disk of one relay is full: it says so and takes no calls, which the other one has instead.
func TestStoryADiskFills(t *testing.T) {
	t.Parallel()
	small := func(t *testing.T, c *config) *relay { return serveLimited(t, c, 256<<10) }
	f := newSiteOn(t, small, nil)
	full := f.relays[1]
	c := full.dialWith(t, dialing{header: bearer(betaKey)})
	for i := 0; ; i++ {
		mark := c.mark()
		c.send(j{"type": "generate", "generation_id": strconv.Itoa(i), "text": "", "metadata": j{"filling": strings.Repeat("x", 200)}})
		if end := c.awaitFrom(mark, "an end", isEnd); endCode(end) == "ledger_unavailable" {
			break
		}
	}
	f.fires("LedgerCannotBeWritten instance=" + full.address())
	f.logged(`"message":"the ledger can't be written; nothing is admitted"`)
	eventually(t, "the other relay to tell of the full one", func() bool {
		return strings.Contains(string(f.relays[0].get(t, "/v1/relays", bearer(opsKey)).body), `"status":"ledger_unavailable"`)
	})
	full.refusesUpgrade(t, dialing{header: bearer(acmeKey)}, http.StatusServiceUnavailable, "ledger_unavailable")
	c.await("draining", isDraining)
	c.closed(websocket.StatusGoingAway)
	f.speaks(6)
	full.makeRoom(t)
	f.resolves("LedgerCannotBeWritten instance=" + full.address())
	f.logged(`"message":"the ledger can be written again"`)
}

// Somebody tries a thousand keys: each is counted, the log has a line a second with how many there were, and callers notice
// nothing.
func TestStoryKeysAreGuessed(t *testing.T) {
	t.Parallel()
	f := newSite(t, nil)
	const guessers, each = 50, 20
	const guesses = guessers * each
	var wg sync.WaitGroup
	for n := range guessers {
		wg.Go(func() {
			for i := range each {
				a, err := f.relays[0].tryGet("/v1/voices", bearer(fmt.Sprintf("sk-guess-%d-%d", n, i)))
				if err != nil || a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
					t.Errorf("a guess is answered %d, %v", a.status, err)
				}
			}
		})
	}
	wg.Wait()
	f.speaks(2)
	f.shows("now", "refusals", func(s string) bool { return strings.Contains(s, `"auth_failed":1000`) })
	f.fires("KeysAreGuessed instance=" + f.relays[0].address())
	eventually(t, "all guesses to be scraped", func() bool { return f.sum(t, `relay_refusals_total{code="auth_failed"}`) == guesses })
	eventually(t, "all guesses to be logged", func() bool { lines, told := f.relays[0].guesses(t); return told == guesses && lines < guesses/5 })
}

// guesses are the log's lines about wrong keys, and how many they tell of.
func (r *relay) guesses(t *testing.T) (lines, told int) {
	t.Helper()
	for line := range strings.Lines(r.Log.Text()) {
		var entry struct {
			Message, Code string
			Refusals      int
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Message == "refused" && entry.Code == "auth_failed" {
			lines, told = lines+1, told+entry.Refusals
		}
	}
	return lines, told
}

func (r *relay) address() string { return strings.TrimPrefix(r.url, "http://") }
