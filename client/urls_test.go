package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// site is several relays at addresses of their own, each of which may be down.
type site struct {
	relay *fakeRelay
	next  http.RoundTripper

	mu    sync.Mutex
	down  map[string]string // by host: "refused", "silent" or an HTTP status
	tried []string          // hosts, in order
}

func newSite(t *testing.T) *site {
	t.Helper()
	return &site{relay: newFakeRelay(t), down: make(map[string]string)}
}

// config reaches the relays a, b and c.
func (s *site) config(cfg Config) Config {
	cfg = s.relay.config(cfg)
	s.next = cfg.HTTPClient.Transport
	cfg.URL, cfg.URLs = "", []string{"http://a", "http://b", "http://c"}
	cfg.HTTPClient = &http.Client{Transport: s}
	return cfg
}

func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.tried = append(s.tried, r.URL.Host)
	how := s.down[r.URL.Host]
	s.mu.Unlock()
	switch how {
	case "":
		return s.next.RoundTrip(r)
	case "refused":
		return nil, errors.New("connection refused")
	case "silent":
		<-r.Context().Done()
		return nil, context.Cause(r.Context())
	}
	statuses := map[string]int{"401": http.StatusUnauthorized, "502": http.StatusBadGateway, "404": http.StatusNotFound}
	body := ""
	if how == "401" {
		body = string(protocol.EncodeBody(&protocol.Error{Code: protocol.CodeAuthFailed, Message: "no such key"}))
	}
	return &http.Response{StatusCode: statuses[how], Body: io.NopCloser(strings.NewReader(body)), Request: r, Header: http.Header{}}, nil
}

// set says which relays are down now, and forgets who was tried.
func (s *site) set(down map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down, s.tried = down, nil
}

func (s *site) order() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.tried, "")
}

func TestRelaysAreTriedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newSite(t)
		site.set(map[string]string{"a": "refused"})
		c, err := Dial(t.Context(), site.config(Config{}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		p := <-site.relay.peers
		if got := site.order(); got != "ab" {
			t.Errorf("asked %q, want a, then b", got)
		}
		site.set(map[string]string{"c": "401"}) // which is no reason to give up the others
		s := speak(t, c, Request{Text: "g"})
		p.drop()
		p = <-site.relay.peers
		if got := site.order(); got != "ca" {
			t.Errorf("behind the loss of b asked %q, want c, then a", got)
		}
		p.speaks("g", 'a')
		p.ends("g", "completed", 1)
		hears(t, s, "a", nil)
	})
}

// One relay that takes connections and says nothing doesn't keep callers waiting for long.
func TestASilentRelayDoesNotHideTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newSite(t)
		site.set(map[string]string{"a": "silent"})
		began := time.Now()
		c, err := Dial(t.Context(), site.config(Config{}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if waited := time.Since(began); waited != connectTimeOfMany {
			t.Errorf("connected after %v", waited)
		}
	})
}

func TestTheFirstConnectionIsTriedAgainWhereThatMayHelp(t *testing.T) {
	for name, tt := range map[string]struct {
		down    map[string]string
		retries bool
		unreach bool
	}{
		"all gone":           {map[string]string{"a": "refused", "b": "refused", "c": "refused"}, false, true},
		"one behind a proxy": {map[string]string{"a": "refused", "b": "502", "c": "401"}, true, true},
		"no such page":       {map[string]string{"a": "404", "b": "404", "c": "404"}, false, true},
		"a bad key":          {map[string]string{"a": "401", "b": "401", "c": "401"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := newSite(t)
				site.set(tt.down)
				began := time.Now()
				_, err := Dial(t.Context(), site.config(Config{}))
				if errors.Is(err, ErrUnreachable) != tt.unreach {
					t.Errorf("ended with %v", err)
				}
				if strings.Contains(name, "key") {
					refusedWith(t, err, protocol.CodeAuthFailed)
				}
				waited := time.Since(began)
				if want := defaultPatience; tt.retries && (waited < want-longestWaited || waited > want) || !tt.retries && waited > 0 {
					t.Errorf("gave up after %v", waited)
				}
			})
		})
	}
}

func TestTheFirstConnectionComesOnceTheRelayIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		relay.refuses.Store(&protocol.Error{Code: protocol.CodeDraining, Message: "going away"})
		const away = 10 * time.Second
		time.AfterFunc(away, func() { relay.refuses.Store(nil) })
		began := time.Now()
		c, err := Dial(t.Context(), relay.config(Config{}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if waited := time.Since(began); waited > away+longestWaited {
			t.Errorf("connected after %v", waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		relay.refuses.Store(&protocol.Error{Code: protocol.CodeTooManyConnections, Message: "full"})
		_, err = Dial(ctx, relay.config(Config{}))
		refusedWith(t, err, protocol.CodeTooManyConnections)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v, want also that the time was over", err)
		}
	})
}

// What was refused by a relay that goes away is spoken elsewhere in the order in which it was asked for, and before what
// comes after it.
func TestWhatIsTurnedAwayKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, old := relay.dial(Config{})
		first, second := speak(t, c, Request{Text: "1"}), speak(t, c, Request{Text: "2"})
		running := speak(t, c, Request{Text: "r"})
		for range 3 {
			got[*protocol.Generate](old)
		}
		old.speaks("r", 'a')
		refuse := func(s *Speech) {
			old.send(&protocol.Error{Command: "generate", GenerationID: s.ID(), Code: protocol.CodeDraining})
		}
		refuse(second)
		p := <-relay.peers
		synctest.Wait() // it is the current one
		refuse(first)
		old.speaks("r", 'b')
		old.ends("r", "completed", 1)
		hears(t, running, "ab", nil)
		third := speak(t, c, Request{Text: "3"})
		for _, want := range []string{"2", "1", "3"} {
			if g := got[*protocol.Generate](p); g.GenerationID != want {
				t.Errorf("sent %s, want %s", g.GenerationID, want)
			}
		}
		for _, s := range []*Speech{first, second, third} {
			p.ends(s.ID(), "completed", 1)
			hears(t, s, "", nil)
		}
	})
}
