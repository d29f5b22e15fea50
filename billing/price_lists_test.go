package billing

import (
	"context"
	"errors"
	"testing"
)

// knownLists are price lists by their hashes; it counts what it is asked.
type knownLists struct {
	lists map[string]*PriceList
	asked int
	err   error
}

func (k *knownLists) PriceList(_ context.Context, hash string) (*PriceList, error) {
	k.asked++
	return k.lists[hash], k.err
}

func TestUnitPricesAreThoseOfTheRecordsList(t *testing.T) {
	former := mustList(t, Price{Provider: "p", Model: "m*", Unit: Character, Amount: "1.5e-4", Currency: "EUR"})
	present := mustList(t, Price{Provider: "p", Unit: AudioSecond, Amount: "2.000000000001", Currency: "USD"},
		Price{Provider: "t", Unit: Token, Amount: "0.0000006", OutputAmount: "0.000012", Currency: "USD"})
	priced := func(list string, source Source, provider, model string) Record {
		return Record{PriceList: list, Attempts: []Attempt{{Provider: provider, Model: model, Cost: Cost{Source: source}}}}
	}
	cases := []struct {
		name   string
		record Record
		want   UnitPrice
	}{
		{"of the former list", priced(former.Hash(), FromPriceList, "p", "m1"), UnitPrice{Amount: "0.000150", Currency: "EUR", Unit: Character}},
		{"of the present list", priced(present.Hash(), FromPriceList, "p", "m1"), UnitPrice{Amount: "2.000000000001", Currency: "USD", Unit: AudioSecond}},
		{"tokens", priced(present.Hash(), FromPriceList, "t", "m1"), UnitPrice{Amount: "0.0000006", Currency: "USD", Unit: Token, OutputAmount: "0.000012"}},
		{"the vendor's own word", priced(present.Hash(), FromProvider, "p", "m1"), UnitPrice{}},
		{"not known", priced(present.Hash(), Unavailable, "p", "m1"), UnitPrice{}},
		{"nothing was used, and there is no price", priced(former.Hash(), FromPriceList, "p", "other"), UnitPrice{}},
		{"a list that is gone", priced("gone", FromPriceList, "p", "m1"), UnitPrice{}},
		{"an empty list", priced("", FromPriceList, "p", "m1"), UnitPrice{}},
	}
	lists := &knownLists{lists: map[string]*PriceList{former.Hash(): former, present.Hash(): present}}
	var records []Record
	for _, c := range cases {
		records = append(records, c.record)
	}
	if err := AddUnitPrices(t.Context(), lists, records); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		if got := records[i].Attempts[0].UnitPrice; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if lists.asked != 3 {
		t.Errorf("%d lists were read, want each of 3 once", lists.asked)
	}
	lists.err = errors.New("away")
	if err := AddUnitPrices(t.Context(), lists, records); !errors.Is(err, lists.err) {
		t.Errorf("where lists can't be read: %v", err)
	}
}

// The text of a list is all there is to it.
func TestPriceListsOutliveTheirText(t *testing.T) {
	list := mustList(t, Price{Provider: "p", Unit: Byte, Amount: "0.10", Currency: "EUR"}, Price{Provider: "q", Model: "m", Unit: Token, Amount: "1", OutputAmount: "2", Currency: "USD"})
	text, err := list.Text()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParsePriceList(text)
	if err != nil || got.Hash() != list.Hash() {
		t.Errorf("%+v, %v, want %s", got, err, list.Hash())
	}
	if _, err := ParsePriceList("{"); err == nil {
		t.Error("what is no list is one")
	}
}
