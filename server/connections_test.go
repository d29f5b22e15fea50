package server

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
)

// owners are keys of tenants, of which those named ops are admins'.
func owners(most int, tenantOf ...[2]string) Config {
	cfg := Config{MaxConnections: most}
	for _, pair := range tenantOf {
		one := keyed(pair[0]).Keys[0]
		one.Tenant, one.Admin = pair[1], pair[0] == "ops"
		cfg.Keys = append(cfg.Keys, one)
	}
	return cfg
}

func TestShareOfConnections(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  Config
		want limits.ConnectionBounds
	}{
		"no keys":          {Config{MaxConnections: 100}, limits.ConnectionBounds{Most: 100}},
		"one key":          {owners(100, [2]string{"a", "acme"}), limits.ConnectionBounds{Most: 100}},
		"two of a tenant":  {owners(100, [2]string{"a", "acme"}, [2]string{"b", "acme"}), limits.ConnectionBounds{Most: 100, PerKey: 90}},
		"two tenants":      {owners(100, [2]string{"a", "acme"}, [2]string{"b", "zen"}), limits.ConnectionBounds{Most: 100, PerKey: 90, PerTenant: 75}},
		"an admin key":     {owners(10000, [2]string{"a", "acme"}, [2]string{"ops", "acme"}), limits.ConnectionBounds{Most: 10000, PerKey: 9000, Kept: 100}},
		"a few":            {owners(2, [2]string{"a", "acme"}, [2]string{"ops", "zen"}), limits.ConnectionBounds{Most: 2, PerKey: 2, PerTenant: 2}},
		"two of one name":  {owners(100, [2]string{"a", "acme"}, [2]string{"a", "acme"}), limits.ConnectionBounds{Most: 100}},
		"the file's share": {Config{MaxConnections: 100, MaxConnectionsPerTenant: 99}, limits.ConnectionBounds{Most: 100, PerTenant: 99}},
	} {
		set := &setup{keys: tt.cfg.Keys}
		if got := set.connectionBounds(tt.cfg); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}

// However many connections one tenant opens, others and the admin find a place.
func TestOneKeyLeavesConnectionsToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := owners(20, [2]string{"greedy", "acme"}, [2]string{"greedy-2", "acme"}, [2]string{"other", "zen"}, [2]string{"ops", "acme"})
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for i := range 15 {
			if _, refused := r.srv.admitConnection(&r.setup().keys[i%2], time.Now()); refused != nil {
				t.Fatalf("connection %d: %v", i, refused)
			}
		}
		if _, refused := r.srv.admitConnection(&r.setup().keys[1], time.Now()); refused == nil || refused.Code != "too_many_connections" {
			t.Errorf("beyond the tenant's share: %v", refused)
		}
		r.dial("?api_key=other").until("ready")
		r.dial("?api_key=ops").until("ready")
	})
}

// Who opens connections one after the other has a rate, and a whole fleet may come at once.
func TestNewConnectionsAreRatedByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := keyed("busy", "other")
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		busy, other := &r.setup().keys[0], &r.setup().keys[1]
		for i := range 10000 {
			leave, refused := r.srv.admitConnection(busy, time.Now())
			if refused != nil {
				t.Fatalf("connection %d: %v", i, refused)
			}
			leave()
		}
		_, refused := r.srv.admitConnection(busy, time.Now())
		if refused == nil || refused.Code != "too_many_connections" || refused.RetryAfter != 6*time.Millisecond {
			t.Errorf("beyond the rate: %v", refused)
		}
		if got := r.srv.gate.Inside(); got != 0 {
			t.Errorf("%d places are taken, want none by who was refused", got)
		}
		leave, refused := r.srv.admitConnection(other, time.Now())
		if refused != nil {
			t.Fatalf("another key: %v", refused)
		}
		leave()
		time.Sleep(6 * time.Millisecond)
		if leave, refused = r.srv.admitConnection(busy, time.Now()); refused != nil {
			t.Fatalf("after the wait: %v", refused)
		}
		leave()
	})
}
