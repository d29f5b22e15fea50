package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// pricedRelay is a configuration that prices a character; the vendor says nothing of its own.
func pricedRelay(t *testing.T, amount string) *config {
	t.Helper()
	cfg := withTenants(speaksByOne(emulate(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.NullCost}})))
	cfg.Prices = []map[string]any{{"provider": "kugelaudio", "model": "*", "unit": "character", "amount": amount, "currency": "USD"}}
	return cfg
}

// priceOf speaks at a relay, and finds the price that its record tells anew, by the hash that the record has, at another one: by
// HTTP and by the command line.
func priceOf(t *testing.T, at, asked *relay, amount string) {
	t.Helper()
	c := at.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "g", "text": "ab cd."})
	done := c.completed("g")
	var page struct {
		Records []struct {
			PriceList string `json:"price_list"`
			Attempts  []struct {
				UnitPrice struct{ Amount, Currency, Unit string } `json:"unit_price"`
			}
		}
	}
	eventually(t, "the record to be there", func() bool {
		a := asked.get(t, "/v1/usage/records?record_id="+done.RecordID, bearer(acmeKey))
		return json.Unmarshal(a.body, &page) == nil && len(page.Records) == 1
	})
	got := page.Records[0]
	if p := got.Attempts[0].UnitPrice; p.Amount != amount || p.Currency != "USD" || p.Unit != "character" {
		t.Errorf("the unit price is %+v, want %s", p, amount)
	}
	a := asked.get(t, "/v1/prices/"+got.PriceList, bearer(opsKey))
	if want := fmt.Sprintf(`"amount":"%s"`, amount); a.status != http.StatusOK || !strings.Contains(string(a.body), want) {
		t.Errorf("the list %s: %d %s, want %s", got.PriceList, a.status, a.body, want)
	}
	if shown := run(t, asked.dir, "", "prices", "-csv", "-list", got.PriceList); shown.code != 0 || !strings.Contains(shown.out, "kugelaudio,*,"+amount+",USD,character") {
		t.Errorf("relay prices -list: %d %s%s", shown.code, shown.out, shown.errout)
	}
	rows := asked.get(t, "/v1/usage/records?format=csv&record_id="+done.RecordID, bearer(acmeKey))
	if !strings.HasSuffix(strings.TrimSpace(string(rows.body)), ","+amount+"/character") {
		t.Errorf("as CSV: %s", rows.body)
	}
}

// A record's prices are found by its hash, also when others are in force.
func TestARecordsPricesAreFound(t *testing.T) {
	t.Parallel()
	cfg := pricedRelay(t, "0.010000")
	r := serve(t, cfg)
	priceOf(t, r, r, "0.010000")
	if got := run(t, r.dir, "", "prices"); got.code != 0 || !strings.HasPrefix(got.out, "price list ") || !strings.Contains(got.out, "0.010000") {
		t.Errorf("relay prices: %d %s%s", got.code, got.out, got.errout)
	}
	if got := run(t, r.dir, "", "prices", "-list", "0123456789abcdef"); got.code != 1 || !strings.Contains(got.errout, "-list") {
		t.Errorf("an unknown list: %d %s%s", got.code, got.out, got.errout)
	}
	if a := r.get(t, "/v1/prices/0123456789abcdef", bearer(opsKey)); a.status != http.StatusNotFound || !strings.Contains(string(a.body), `"param":"list"`) {
		t.Errorf("an unknown list: %d %s", a.status, a.body)
	}
	if a := r.get(t, "/v1/prices", bearer(acmeKey)); a.status != http.StatusForbidden {
		t.Errorf("prices without an admin key: %d", a.status)
	}
}

// Relays that share a Redis find each other's prices.
func TestPricesOfAnotherRelayAreFound(t *testing.T) {
	t.Parallel()
	s := startRedis(t)
	serving := func(amount string) *relay {
		cfg := pricedRelay(t, amount)
		cfg.Redis = map[string]string{"url": "redis://" + s.Addr}
		return serve(t, cfg)
	}
	first, second := serving("0.010000"), serving("0.020000")
	priceOf(t, first, second, "0.010000")
	priceOf(t, second, first, "0.020000")
	for _, r := range []*relay{first, second} {
		if got := run(t, r.dir, "", "ledger", "verify"); got.code != 0 {
			t.Errorf("verify ends with %d:\n%s%s", got.code, got.out, got.errout)
		}
	}
}
