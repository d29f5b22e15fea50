package vendorhttp

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// Over HTTP/2 all requests share a connection, which outlives the abort of one of them.
func TestRequestsShareAnHTTP2Connection(t *testing.T) {
	v, aborted := new(vendor), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/models" {
			return
		}
		text, _ := v.note(r)
		say(w, text)
		if text == "Endless." {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			close(aborted)
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	cfg := Config{
		HTTP: server.Client(), Prefetch: 1, Warm: 1, Log: zerolog.Nop(),
		Greeting: &Request{Method: http.MethodGet, URL: server.URL + "/models"},
	}
	r := &rig{T: t, Client: New(cfg), dialect: plain{server.URL}}
	r.Warm(t.Context())
	if !r.multiplexed.Load() {
		t.Error("HTTP/2 is not spoken")
	}
	cut := r.open()
	cut.MustOrder(false, "Endless.")
	whole := r.open()
	whole.MustOrder(true, threeTexts...)
	r.want(whole.Finish(), threeTexts...)
	cut.Stop(errEnough)
	cut.WantStopped(errEnough)
	select {
	case <-aborted:
	case <-time.After(10 * time.Second):
		t.Error("the vendor has not heard of the abort")
	}
	if idle, busy := r.Sockets(); idle+busy != 1 {
		t.Errorf("%d connections are idle and %d busy, want one in all", idle, busy)
	}
	if err := r.Client.Close(); err != nil {
		t.Error(err)
	}
}
