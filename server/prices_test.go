package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"voicerelay/billing"
	"voicerelay/relay/relaytest"
)

// keptLists are price lists by their hashes; "broken" can't be read.
type keptLists map[string]*billing.PriceList

func (k keptLists) PriceList(_ context.Context, hash string) (*billing.PriceList, error) {
	if hash == "broken" {
		return nil, errors.New("disk on fire at /var/lib/x.db")
	}
	return k[hash], nil
}

func listOf(t *testing.T, amount string) *billing.PriceList {
	t.Helper()
	list, err := billing.NewPriceList([]billing.Price{{Provider: "alpha", Model: "m*", Unit: billing.Character, Amount: amount, Currency: "EUR"}})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPriceListsAreFoundByTheirHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		present, former := listOf(t, "0.00002"), listOf(t, "0.00001")
		r := newRigWith(t, budgeted(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(parts *Parts) {
			parts.Prices, parts.PriceLists = present, keptLists{former.Hash(): former}
		})
		answer := func(list *billing.PriceList, amount string) string {
			return `{"price_list":"` + list.Hash() + `","prices":[{"provider":"alpha","model":"m*","unit":"character","amount":"` + amount + `","currency":"EUR"}]}`
		}
		for path, want := range map[string]string{
			"/v1/prices":                   answer(present, "0.00002"),
			"/v1/prices/" + present.Hash(): answer(present, "0.00002"),
			"/v1/prices/" + former.Hash():  answer(former, "0.00001"),
		} {
			if w := pricesAt(r, "admin", path); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != want {
				t.Errorf("%s: %d %s, want %s", path, w.Code, w.Body, want)
			}
			if w := pricesAt(r, "free", path); w.Code != http.StatusForbidden {
				t.Errorf("%s without an admin key: %d", path, w.Code)
			}
		}
		for path, want := range map[string]struct {
			status int
			says   string
		}{
			"/v1/prices/0123456789abcdef":           {http.StatusNotFound, `"param":"list"`},
			"/v1/prices/broken":                     {http.StatusServiceUnavailable, `"code":"ledger_unavailable"`},
			"/v1/prices?model=m":                    {http.StatusBadRequest, `"param":"model"`},
			"/v1/prices/" + former.Hash() + "?at=1": {http.StatusBadRequest, `"param":"at"`},
		} {
			if w := pricesAt(r, "admin", path); w.Code != want.status || !strings.Contains(w.Body.String(), want.says) {
				t.Errorf("%s: %d %s, want %d with %s", path, w.Code, w.Body, want.status, want.says)
			}
		}
	})
}

// Without prices there is a list all the same: an empty one, that no record names.
func TestNoPricesAreAnEmptyList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, budgeted(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		if got := strings.TrimSpace(pricesAt(r, "admin", "/v1/prices").Body.String()); got != `{"price_list":null,"prices":[]}` {
			t.Error(got)
		}
	})
}

func pricesAt(r *rig, key, path string) *httptest.ResponseRecorder {
	request, w := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil), httptest.NewRecorder()
	bearer(request, key)
	r.http.Handler.ServeHTTP(w, request)
	return w
}
