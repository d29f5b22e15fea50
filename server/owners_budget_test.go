package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
)

// watched has the server watch budgets until the test's end.
func (r *rig) watched() {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { defer close(over); r.srv.Watch(ctx) }()
	r.t.Cleanup(func() { cancel(); <-over })
}

// bounding is a relay with two providers, of which the first may spend so many characters a day, at 0.001 EUR each.
func bounding(t *testing.T, characters int, at ...limits.Fraction) *rig {
	t.Helper()
	return boundingOf(t, unbilled(time.Millisecond), characters, at...)
}

func boundingOf(t *testing.T, first *relaytest.FakeProvider, characters int, at ...limits.Fraction) *rig {
	t.Helper()
	cfg := Config{Local: Key{Limits: limits.Default()}, ProviderBudgets: []limits.Bounded{{
		Owner:  limits.Owner{Provider: "alpha"},
		Budget: limits.Budget{Currency: "EUR", Daily: int64(characters) * 1000}, AlertAt: at,
	}}}
	r := newRig(t, cfg, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": unbilled(time.Millisecond)})
	r.spendFrom(limits.NewMemoryBudgets(nil), 100_000)
	r.watched()
	return r
}

// speaker is which provider spoke a text.
func (c *client) speaker(id, text string) any {
	c.t.Helper()
	c.send(generate(id, text, ""))
	started, _ := c.until("started")
	c.until("done")
	time.Sleep(2 * time.Second) // the watch has looked
	return started["provider"]
}

func (r *rig) get(path, key string) *httptest.ResponseRecorder {
	r.t.Helper()
	request, w := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil), httptest.NewRecorder()
	request.RemoteAddr = relaytest.Loopback.String()
	if key != "" {
		bearer(request, key)
	}
	r.http.Handler.ServeHTTP(w, request)
	return w
}

func TestProviderIsPassedOverOnceItsBudgetIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := bounding(t, len(relaytest.TwelveWords)+5)
		c := r.dial("")
		for i, want := range []string{"alpha", "alpha", "beta", "beta"} { // after the first, five characters are left
			if got := c.speaker(fmt.Sprint("g", i), relaytest.TwelveWords); got != want {
				t.Errorf("generation %d was spoken by %v, want %s", i, got, want)
			}
		}
		spent := func() float64 { return series(t, r, "relay_provider_budget_spent")["alpha "].GetGauge().GetValue() }
		var listed struct {
			Providers []struct {
				Name        string
				BudgetSpent bool `json:"budget_spent"`
			}
		}
		if err := json.Unmarshal(r.get("/v1/providers", "").Body.Bytes(), &listed); err != nil || !listed.Providers[0].BudgetSpent || listed.Providers[1].BudgetSpent || spent() != 1 {
			t.Errorf("listed %+v (%v), metric %v, want alpha alone to have spent its budget", listed, err, spent())
		}
		c.send(`{"type":"generate","generation_id":"raw","voice":"alpha/x","route":"alpha/m1","text":"One two."}`)
		want := []any{map[string]any{"provider": "alpha", "model": "m1", "why": "budget_spent"}}
		if got := c.failureOf("raw"); got["code"] != "no_provider_available" || !reflect.DeepEqual(listedWhy(got), want) {
			t.Errorf("got %v, want passed_over %v", got, want)
		}
		time.Sleep(24 * time.Hour)
		c = r.dial("")
		if got := c.speaker("tomorrow", relaytest.TwelveWords); got != "alpha" || spent() != 0 {
			t.Errorf("on the next day %v spoke, metric %v", got, spent())
		}
	})
}

// listedWhy is passed_over with the model of each, where it is told.
func listedWhy(failure event) []any {
	all := listed(failure["passed_over"])
	for _, o := range all {
		o.(map[string]any)["model"] = "m1"
	}
	return all
}

// A text that pauses while the budget is spent by others goes on with the same voice, also if the vendor hangs up in the pause.
func TestGenerationUnderWayIsNotBrokenOffByAProvidersBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := relaytest.Lively()
		first.NoBill, first.HangsUp, first.Failure = true, 1500*time.Millisecond, errHungUp
		r := boundingOf(t, first, 30)
		c := r.dial("")
		c.send(generate("open", "Let me look. ", `,"final":false`))
		started, _ := c.until("started")
		time.Sleep(10 * time.Second)
		other := r.dial("")
		other.speaker("spends", relaytest.TwelveWords)
		if got := other.speaker("after", relaytest.TwelveWords); got != "beta" {
			t.Errorf("%v spoke after the budget was spent, want beta", got)
		}
		streams := len(first.Requests())
		c.send(`{"type":"append","generation_id":"open","text":"Found it now.","final":true}`)
		done, before := c.until("done")
		if started["provider"] != "alpha" || done["reason"] != "completed" || len(first.Requests()) != streams+1 {
			t.Errorf("begun by %v, %d more streams, ended %v", started["provider"], len(first.Requests())-streams, done)
		}
		for _, e := range before {
			if e.kind() == "rerouted" {
				t.Errorf("the voice changed: %v", e)
			}
		}
	})
}

func TestThresholdsOfBudgetsAreCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := bounding(t, 2*len(relaytest.TwelveWords), limits.Whole/2, limits.Whole)
		c := r.dial("")
		count := func(at string) float64 {
			return series(t, r, "relay_budget_alerts_total")[at+"  day alpha  "].GetCounter().GetValue()
		}
		for i, want := range [][2]float64{{1, 0}, {1, 1}, {1, 1}} {
			c.speaker(fmt.Sprint("g", i), relaytest.TwelveWords)
			if half, whole := count("0.5"), count("1"); half != want[0] || whole != want[1] {
				t.Errorf("after %d generations half was told %v times, all of it %v times", i+1, half, whole)
			}
		}
	})
}

// Of two budgets both hold, and the refusal says whose it is that has too little left.
func TestAKeysBudgetHoldsBesideItsTenants(t *testing.T) {
	for name, c := range map[string]struct {
		tenant, key int
		want        string
	}{
		"the key's":    {1000, 5, "the key's budget for the day has 0.005000 EUR"},
		"the tenant's": {5, 1000, "the tenant's budget for the day has 0.005000 EUR"},
		"neither":      {1000, 1000, ""},
		"a key alone":  {0, 5, "the key's budget for the day has 0.005000 EUR"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": unbilled(time.Millisecond)})
				r.spendFrom(limits.NewMemoryBudgets(nil), c.tenant)
				r.setup().local.OwnBudget = limits.Budget{Currency: "EUR", Daily: int64(c.key) * 1000}
				client := r.dial("")
				client.send(generate("g1", relaytest.TwelveWords, ""))
				got := client.failureOf("g1")
				message, _ := got["message"].(string)
				if c.want == "" && got != nil || !strings.HasPrefix(message, c.want) {
					t.Errorf("got %v, want %q", got, c.want)
				}
			})
		})
	}
}

// A tenant sees its own budget and those of its keys; only an admin sees all, and providers'.
func TestBudgetsOfKeysAndProvidersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := budgeted()
		cfg.Keys[0].OwnBudget = limits.Budget{Currency: "EUR", Monthly: 9_000_000}
		cfg.Keys[0].OwnAlertAt = []limits.Fraction{limits.FractionOf(0.8)}
		cfg.Keys[2].OwnBudget = limits.Budget{Currency: "USD", Daily: 1_000_000}
		cfg.ProviderBudgets = []limits.Bounded{{Owner: limits.Owner{Provider: "alpha"}, Budget: limits.Budget{Currency: "USD", Daily: 1}}}
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for key, want := range map[string][]string{
			"bound": {"tenant acme", "key acme bound [0.8]"}, "again": {"tenant acme", "key acme bound [0.8]"},
			"free": {"key bcorp free"}, "admin": {"tenant acme", "key acme bound [0.8]", "key bcorp free", "provider alpha"},
		} {
			var got struct{ Budgets []map[string]any }
			if err := json.Unmarshal(r.get("/v1/budgets", key).Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, b := range got.Budgets {
				name := fmt.Sprint(b["scope"])
				for _, field := range []string{"tenant", "key", "provider"} {
					if b[field] != nil {
						name += fmt.Sprint(" ", b[field])
					}
				}
				if at := b["alert_at"].([]any); len(at) > 0 {
					name += fmt.Sprint(" ", at)
				}
				names = append(names, name)
			}
			if !reflect.DeepEqual(names, want) {
				t.Errorf("%s sees %q, want %q", key, names, want)
			}
		}
	})
}
