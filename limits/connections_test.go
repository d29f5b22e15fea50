package limits

import (
	"errors"
	"strings"
	"testing"
)

// enterAll takes places until there is none left, and returns how many there were and why there is no more.
func enterAll(c *Connections, who Client) (taken int, why error) {
	for {
		if _, err := c.Enter(who); err != nil {
			return taken, err
		}
		taken++
	}
}

func TestConnectionsAreShared(t *testing.T) {
	bounds := ConnectionBounds{Most: 100, PerTenant: 75, PerKey: 60, Kept: 10}
	bot := Client{Key: "bot", Tenant: "acme"}
	steps := []struct {
		name string
		who  Client
		want int
		why  string
	}{
		{"a key", bot, 60, "with this key: it has 60"},
		{"another key of the tenant", Client{Key: "bot-2", Tenant: "acme"}, 15, "of this key's tenant: it has 75"},
		{"an admin key of the tenant, whose own bound is 5", Client{Key: "ops", Tenant: "acme", Admin: true, MostOfKey: 5}, 5, "with this key: it has 5"},
		{"another tenant", Client{Key: "zen", Tenant: "zen"}, 10, "to this relay"},
		{"an admin key", Client{Key: "chief", Tenant: "acme", Admin: true}, 10, "to this relay"},
	}
	c := NewConnections(bounds)
	for _, step := range steps {
		taken, err := enterAll(c, step.who)
		var full *FullError
		if taken != step.want || !errors.As(err, &full) || !strings.Contains(err.Error(), step.why) {
			t.Errorf("%s takes %d places, then %v; want %d, then %s", step.name, taken, err, step.want, step.why)
		}
	}
	if got := c.Inside(); got != 100 {
		t.Errorf("%d inside, want 100", got)
	}
}

func TestAConnectionLeavesOnce(t *testing.T) {
	c := NewConnections(ConnectionBounds{Most: 2, PerKey: 1})
	leave, err := c.Enter(Client{Key: "a", Tenant: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Enter(Client{Key: "b", Tenant: "t"}); err != nil {
		t.Fatal(err)
	}
	leave()
	leave()
	if got := c.Inside(); got != 1 {
		t.Errorf("%d inside after one of two has left twice, want 1", got)
	}
	c.Resize(ConnectionBounds{Most: 1})
	if _, err := c.Enter(Client{Key: "a", Tenant: "t"}); err == nil {
		t.Error("let in beyond the smaller bound")
	}
	c.Resize(ConnectionBounds{Most: 3})
	if _, err := c.Enter(Client{Key: "a", Tenant: "t"}); err != nil {
		t.Errorf("refused within the larger bound: %v", err)
	}
	if len(c.keys) != 2 || len(c.owners) != 1 {
		t.Errorf("it remembers %v and %v, want those inside alone", c.keys, c.owners)
	}
}
