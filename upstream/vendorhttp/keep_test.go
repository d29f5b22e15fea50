package vendorhttp

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Connections are open before there is something to speak, speech is on one of them, and one that ends is opened again.
func TestConnectionsAreOpenedAhead(t *testing.T) {
	var greetings atomic.Int64
	v := new(vendor)
	cfg := Config{Warm: 2, Idle: 25 * time.Second, Greeting: &Request{Method: http.MethodGet, URL: "http://vendor.test/models"}}
	run(t, cfg, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/models" {
			greetings.Add(1)
			http.NotFound(w, r) // which is as good a greeting
			return
		}
		text, _ := v.note(r)
		say(w, text)
	}, func(r *rig) {
		r.Warm(r.Context())
		synctest.Wait()
		if idle, busy := r.Sockets(); idle != 2 || busy != 0 || greetings.Load() != 2 {
			r.Errorf("%d connections are idle and %d busy after %d greetings, want two", idle, busy, greetings.Load())
		}
		l := r.open()
		l.MustOrder(true, "One.")
		r.want(l.Finish(), "One.")
		if r.dials.Load() != 2 {
			r.Errorf("%d connections were opened", r.dials.Load())
		}
		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		if idle, _ := r.Sockets(); idle != 2 || greetings.Load() > 12 {
			r.Errorf("after two minutes %d connections are idle, and there were %d greetings", idle, greetings.Load())
		}
	})
}

// A provider that wants none opens none.
func TestNothingIsOpenedUnasked(t *testing.T) {
	run(t, Config{Greeting: &Request{Method: http.MethodGet, URL: "http://vendor.test/models"}}, http.NotFound, func(r *rig) {
		r.Warm(r.Context())
		synctest.Wait()
		if r.dials.Load() != 0 {
			r.Errorf("%d connections were opened", r.dials.Load())
		}
	})
}
