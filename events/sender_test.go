package events

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/billing"
)

func TestEventsAreBatchedInTheirOrder(t *testing.T) {
	r := &receiver{}
	sending(t, r, unchanged, func(b *box, registry *prometheus.Registry) {
		put(b, numbered(7)...)
		time.Sleep(5 * time.Second)
		if got, want := r.called(), []string{"r0,r1,r2", "r3,r4,r5", "r6"}; !slices.Equal(got, want) {
			t.Errorf("calls had %q, want %q", got, want)
		}
		if !slices.Equal(b.noted(), []int64{3, 6, 7}) {
			t.Errorf("the place moved to %v", b.noted())
		}
		if sent, lag := value(t, registry, "relay_events_sent_total", "usage", "generation.ended"), value(t, registry, "relay_events_lag_seconds", "usage"); sent != 7 || lag != 0 {
			t.Errorf("sent %v, lag %v", sent, lag)
		}
	})
	e := r.accepted[0]
	if e.Source() != "/voicerelay/relay-1" || e.Type() != "generation.ended" || e.Subject() != "acme" || e.Time().IsZero() ||
		string(e.Data()) != `{"metadata":{"call":"42"},"record_id":"r0"}` {
		t.Errorf("event: %s", e)
	}
}

func TestBudgetsHaveTheSourceOfAllRelays(t *testing.T) {
	r := &receiver{}
	sending(t, r, unchanged, func(b *box, _ *prometheus.Registry) {
		b.put(billing.BudgetThreshold, "b1")
		time.Sleep(3 * time.Second)
	})
	if len(r.accepted) != 1 || r.accepted[0].Source() != "/voicerelay" || string(r.accepted[0].Data()) != `{"x":1}` {
		t.Errorf("got %v", r.accepted)
	}
}

func TestSinkGetsTheTypesThatItWants(t *testing.T) {
	r := &receiver{}
	only := func(s *Sink) { s.Types = []billing.EventType{billing.CircuitOpened} }
	sending(t, r, only, func(b *box, _ *prometheus.Registry) {
		put(b, numbered(10)...)
		b.put(billing.CircuitOpened, "c1")
		put(b, "last")
		time.Sleep(5 * time.Second)
		if got := r.got(); !slices.Equal(got, []string{"c1"}) || b.place() != 12 {
			t.Errorf("got %q, the place is %d", got, b.place())
		}
	})
}

// Whatever a sink answers, all is sent, in order, and the place moves after it was accepted alone.
func TestWhatASinkDoesNotAcceptIsSentAgain(t *testing.T) {
	status := func(code int) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	for name, c := range map[string]struct {
		answer  func(w http.ResponseWriter)
		outcome string
	}{
		"fails":         {status(503), "failed"},
		"is forbidden":  {status(403), "rejected"},
		"is too busy":   {status(429), "rejected"},
		"redirects":     {func(w http.ResponseWriter) { w.Header().Set("Location", "http://evil.example/"); w.WriteHeader(307) }, "redirect"},
		"is silent":     {func(http.ResponseWriter) { time.Sleep(time.Minute) }, "unreachable"},
		"hangs up":      {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "unreachable"},
		"talks garbage": {garbage, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{}
			r.answer = func(call int, w http.ResponseWriter, _ []event.Event) {
				if call <= 2 {
					c.answer(w)
				}
			}
			sending(t, r, unchanged, func(b *box, registry *prometheus.Registry) {
				put(b, numbered(4)...)
				time.Sleep(500 * time.Millisecond)
				if b.place() != 0 {
					t.Errorf("the place is %d before anything was accepted", b.place())
				}
				time.Sleep(2 * time.Minute)
				if got, want := r.called(), []string{"r0,r1,r2", "r0,r1,r2", "r0,r1,r2", "r3"}; !slices.Equal(got, want) || b.place() != 4 {
					t.Errorf("calls had %q, want %q; the place is %d", got, want, b.place())
				}
				if failed := value(t, registry, "relay_events_failed_total", c.outcome, "usage"); failed != 2 {
					t.Errorf("%v calls are counted as %s, want 2", failed, c.outcome)
				}
			})
		})
	}
}

// garbage answers with what is no HTTP.
func garbage(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w.(*status).ResponseWriter).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = conn.Write([]byte("\x00\x01 not HTTP at all\r\n\r\n"))
	_ = conn.Close()
}

func TestAnOutageIsSurvived(t *testing.T) {
	r := &receiver{}
	var down atomic.Bool
	down.Store(true)
	r.answer = func(_ int, w http.ResponseWriter, _ []event.Event) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}
	sending(t, r, unchanged, func(b *box, registry *prometheus.Registry) {
		ids := numbered(20)
		for _, id := range ids {
			put(b, id)
			time.Sleep(30 * time.Minute)
		}
		if lag := value(t, registry, "relay_events_lag_seconds", "usage"); lag != (10 * time.Hour).Seconds() {
			t.Errorf("lag %v, want ten hours", lag)
		}
		if calls := len(r.called()); calls < 100 || calls > 250 { // one every 2.5 to 5 minutes
			t.Errorf("%d calls in ten hours", calls)
		}
		down.Store(false)
		time.Sleep(10 * time.Minute)
		if got := r.got(); !slices.Equal(got, ids) {
			t.Errorf("got %q, want %q", got, ids)
		}
	})
}

func TestRetryAfterIsHeeded(t *testing.T) {
	r := &receiver{}
	r.answer = func(call int, w http.ResponseWriter, _ []event.Event) {
		switch call {
		case 1:
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(503)
		case 2:
			w.Header().Set("Retry-After", time.Now().Add(3*time.Minute).UTC().Format(http.TimeFormat))
			w.WriteHeader(429)
		}
	}
	sending(t, r, unchanged, func(b *box, _ *prometheus.Registry) {
		put(b, "r0")
		time.Sleep(10 * time.Minute)
		if len(r.times()) != 3 || r.times()[1].Sub(r.times()[0]) < 90*time.Second || r.times()[2].Sub(r.times()[1]) < 179*time.Second {
			t.Errorf("called at %v", r.times())
		}
	})
}

func TestSinkThatIsGoneIsLeftAlone(t *testing.T) {
	r := &receiver{answer: func(_ int, w http.ResponseWriter, _ []event.Event) { w.WriteHeader(http.StatusGone) }}
	sending(t, r, unchanged, func(b *box, registry *prometheus.Registry) {
		put(b, "r0", "r1")
		time.Sleep(time.Hour)
		if calls := len(r.called()); calls != 1 || b.place() != 0 || value(t, registry, "relay_events_gone", "usage") != 1 {
			t.Errorf("%d calls, the place is %d", calls, b.place())
		}
	})
}

// One event that a sink refuses holds up the others for an hour at most, and none of them is lost.
func TestAnEventThatIsRefusedIsLeftOut(t *testing.T) {
	for _, code := range []int{400, 413, 422} {
		r := &receiver{}
		r.answer = func(_ int, w http.ResponseWriter, events []event.Event) {
			if slices.ContainsFunc(events, func(e event.Event) bool { return e.ID() == "r4" }) {
				w.WriteHeader(code)
			}
		}
		sending(t, r, func(s *Sink) { s.Batch = 100 }, func(b *box, registry *prometheus.Registry) {
			put(b, numbered(8)...)
			time.Sleep(55 * time.Minute)
			if got := r.got(); !slices.Equal(got, numbered(4)) {
				t.Errorf("%d: in the first hour %q were accepted", code, got)
			}
			time.Sleep(15 * time.Minute)
			if got := r.got(); !slices.Equal(got, slices.Delete(numbered(8), 4, 5)) {
				t.Errorf("%d: %q were accepted", code, got)
			}
			if left := value(t, registry, "relay_events_dropped_total", "usage", "refused"); left != 1 {
				t.Errorf("%d: %v events are left out", code, left)
			}
		})
	}
}

func TestABatchHasABound(t *testing.T) {
	r := &receiver{}
	sending(t, r, func(s *Sink) { s.Batch = 100 }, func(b *box, _ *prometheus.Registry) {
		for i := range 20 {
			b.putData(billing.CircuitOpened, fmt.Sprint(i), `{"long":"`+strings.Repeat("x", 100<<10)+`"}`)
		}
		time.Sleep(time.Minute)
		if len(r.got()) != 20 || slices.Max(r.lengths()) > maxBody || len(r.lengths()) > 5 {
			t.Errorf("%d events in calls of %v bytes", len(r.got()), r.lengths())
		}
	})
}

// What was accepted is not sent again by the same process, though the ledger can't note it.
func TestAPlaceThatCantBeNotedIsNotedLater(t *testing.T) {
	r := &receiver{}
	sending(t, r, unchanged, func(b *box, _ *prometheus.Registry) {
		b.breaks(errors.New("the disk is full"))
		put(b, "r0", "r1")
		time.Sleep(time.Hour)
		b.breaks(nil)
		time.Sleep(10 * time.Minute)
		if got := r.called(); !slices.Equal(got, []string{"r0,r1"}) || b.place() != 2 {
			t.Errorf("calls had %q, the place is %d", got, b.place())
		}
	})
}

func TestWhatIsLeftIsSentAtTheStop(t *testing.T) {
	r := &receiver{}
	sending(t, r, func(s *Sink) { s.Wait = time.Hour }, func(b *box, _ *prometheus.Registry) {
		put(b, "r0")
		time.Sleep(time.Minute)
		put(b, "r1")
		synctest.Wait()
		if len(r.called()) > 0 {
			t.Errorf("sent before its time: %q", r.called())
		}
	})
	if got := r.called(); !slices.Equal(got, []string{"r0,r1"}) {
		t.Errorf("calls had %q", got)
	}
}

func TestDroppedEventsAreCounted(t *testing.T) {
	sending(t, &receiver{}, unchanged, func(b *box, registry *prometheus.Registry) {
		time.Sleep(5 * time.Second)
		b.drops(7)
		time.Sleep(5 * time.Second)
		if got := value(t, registry, "relay_events_dropped_total", "usage", "kept_too_long"); got != 7 {
			t.Errorf("%v are counted as dropped, want 7", got)
		}
	})
}

// The id of a message is that of its events: a retry has the same, other events have another.
func TestMessagesHaveTheIDOfTheirEvents(t *testing.T) {
	of := func(ids ...string) string {
		b := batch{}
		for _, id := range ids {
			b.add(billing.Event{ID: id, Type: billing.GenerationEnded}, []byte("{}"))
		}
		return b.id()
	}
	first := of("a", "b")
	if again := of("a", "b"); again != first || first == of("a") || first == of("b", "a") {
		t.Error("ids of messages don't say what is in them")
	}
}
