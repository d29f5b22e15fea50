package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/relay/relaytest"
)

const memoryOfTests = 1000 << 20

// filled is a rig whose process uses as many percent of its memory as the test wants, and that looks after it.
func filled(t *testing.T, f *relaytest.FakeProvider) (r *rig, percent *atomic.Int64) {
	t.Helper()
	r, percent = newRig(t, Config{MemoryLimit: memoryOfTests}, []string{"alpha"}, fakes{"alpha": f}), new(atomic.Int64)
	r.srv.memory.read = func() memoryUse {
		n := percent.Load() * (memoryOfTests / 100)
		return memoryUse{live: n, allocated: n}
	}
	r.srv.memory.collect = func() {}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); r.srv.Watch(ctx) }()
	t.Cleanup(func() { stop(); <-over })
	return r, percent
}

// upgradeStatus is how a new connection is answered, and when it may ask again.
func (r *rig) upgradeStatus() (status int, again, body string) {
	request := httptest.NewRequest(http.MethodGet, "http://localhost/v1/speech", nil)
	request.RemoteAddr = "127.0.0.1:9"
	upgrade(request)
	w := httptest.NewRecorder()
	r.srv.Handler().ServeHTTP(w, request)
	return w.Code, w.Header().Get("Retry-After"), w.Body.String()
}

func (r *rig) readyStatus() (int, string) {
	request := httptest.NewRequest(http.MethodGet, "http://localhost/readyz", nil)
	request.RemoteAddr = "127.0.0.1:9"
	w := httptest.NewRecorder()
	r.srv.Handler().ServeHTTP(w, request)
	return w.Code, w.Body.String()
}

// Near the limit new connections are refused, then new generations; what runs goes on, and all is taken again once there is
// memory.
func TestMemoryIsKeptForWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = 200 * time.Millisecond
		r, percent := filled(t, f)
		c := r.dial("")
		c.until("ready")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		c.until("started")

		percent.Store(scarceAt)
		time.Sleep(2 * lookEvery)
		if status, again, body := r.upgradeStatus(); status != 503 || again != "1" || !strings.Contains(body, `"status":503`) {
			t.Errorf("a connection: %d, again after %q, %s", status, again, body)
		}
		if got := r.speak(`{"text":"hi"}`, nil); got.status != 503 {
			t.Errorf("a text by HTTP: %d", got.status)
		}
		if status, body := r.readyStatus(); status != 503 || !strings.Contains(body, `"memory"`) {
			t.Errorf("readiness: %d %s", status, body)
		}
		c.send(generate("g2", "Hello.", ""))
		c.until("accepted")

		percent.Store(shortAt)
		time.Sleep(2 * lookEvery)
		c.send(generate("g3", "Hello.", ""))
		if got, _ := c.until("error"); got["code"] != "too_many_generations" || got["retryable"] != true || got["retry_after_ms"] != 1000.0 {
			t.Errorf("a generation: %v", got)
		}
		for range 2 {
			if done, _ := c.until("done"); done["reason"] != "completed" {
				t.Errorf("what ran: %v", done)
			}
		}

		percent.Store(shortAt - eased) // which is not below the mark
		time.Sleep(2 * lookEvery)
		if got := r.srv.memory.pressure(); got != short {
			t.Errorf("memory is %s as soon as it falls", pressureNames[got])
		}
		percent.Store(scarceAt - eased - 1)
		time.Sleep(2 * lookEvery)
		if status, body := r.readyStatus(); status != 200 {
			t.Errorf("readiness afterwards: %d %s", status, body)
		}
		c.send(generate("g4", "Hello.", ""))
		if done, _ := c.until("done"); done["reason"] != "completed" {
			t.Errorf("afterwards: %v", done)
		}
	})
}

// Without a limit nothing is ever read, or refused; with one, garbage is collected where only that tells what is in use.
func TestGarbageIsNoUse(t *testing.T) {
	collected := 0
	use := memoryUse{live: 10, allocated: 99}
	m := newMemory()
	m.read = func() memoryUse { return use }
	m.collect = func() { collected++; use.collections++ }
	now := time.Now()
	m.look(now, zerolog.Nop())
	if collected != 0 || m.pressure() != ample {
		t.Error("memory is watched without a limit")
	}
	m.limit.Store(100 * 100)
	use = memoryUse{live: 100 * 10, allocated: 100 * 99}
	for i := range 25 {
		m.look(now.Add(time.Duration(i)*lookEvery), zerolog.Nop())
	}
	if collected != 3 || m.pressure() != ample {
		t.Errorf("collected %d times in 2.5 s, memory is %s", collected, pressureNames[m.pressure()])
	}
	use.live = 100 * 90
	m.look(now, zerolog.Nop())
	if m.pressure() != short {
		t.Errorf("memory is %s", pressureNames[m.pressure()])
	}
	m.limit.Store(0) // by a reload
	m.look(now, zerolog.Nop())
	if m.pressure() != ample {
		t.Error("a limit that is gone still refuses")
	}
}

// What the runtime tells adds up.
func TestMemoryIsRead(t *testing.T) {
	kept := make([]byte, 32<<20)
	newMemory().collect()
	use := readMemory()
	if use.live < int64(len(kept)) || use.allocated < use.live/2 || use.collections == 0 {
		t.Errorf("got %+v", use)
	}
	kept[0] = 1
}
