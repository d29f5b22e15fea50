package tests

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	cloudhttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"voicerelay/upstream/emulator"
)

const eventSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// A sink is who is sent events. It verifies each batch, reads it as the SDK of CloudEvents does, and drops repeats by their ids.
type sink struct {
	*httptest.Server

	mu      sync.Mutex
	answer  func() int // the status of the next answer; called without mu
	seen    map[string]event.Event
	repeats int
	news    chan struct{} // holds a token while there is news
}

// listenForEvents is a sink that answers with a status.
func listenForEvents(t *testing.T, status int) *sink {
	t.Helper()
	s := &sink{answer: func() int { return status }, seen: make(map[string]event.Event), news: make(chan struct{}, 1)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		key, keyErr := webhooks.NewWebhook(eventSecret)
		if err != nil || keyErr != nil || key.Verify(body, r.Header) != nil || r.Header.Get("Authorization") != "Bearer t" {
			t.Errorf("a batch that is not the relay's: %v, %v, %s", err, keyErr, body)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		batch, err := cloudhttp.NewEventsFromHTTPRequest(r)
		if err != nil {
			t.Errorf("not a batch of CloudEvents: %v\n%s", err, body)
		}
		s.mu.Lock()
		answer := s.answer
		s.mu.Unlock()
		code := answer()
		if code == http.StatusOK {
			s.keep(t, batch)
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(s.Close)
	return s
}

// keep is what a receiver does with a batch: what it has already is dropped.
func (s *sink) keep(t *testing.T, batch []event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range batch {
		id := e.Source() + " " + e.ID()
		if before, has := s.seen[id]; has {
			s.repeats++
			if !bytes.Equal(before.Data(), e.Data()) {
				t.Errorf("event %s was %s, and is %s", id, before.Data(), e.Data())
			}
		}
		s.seen[id] = e
	}
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (s *sink) answerWith(answer func() int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// await waits until the sink has so many events of a type, and returns them by their ids.
func (s *sink) await(t *testing.T, kind string, n int) map[string]event.Event {
	t.Helper()
	within := time.After(deadline)
	for {
		found := make(map[string]event.Event)
		s.mu.Lock()
		for _, e := range s.seen {
			if e.Type() == kind {
				found[e.ID()] = e
			}
		}
		s.mu.Unlock()
		if len(found) >= n {
			return found
		}
		select {
		case <-s.news:
		case <-within:
			t.Fatalf("%d events of %s have come, want %d", len(found), kind, n)
		}
	}
}

// sendsEvents has a configuration send to a sink.
func sendsEvents(c *config, to *sink, types ...string) *config {
	c.Events = []map[string]any{{
		"url": to.URL + "/in?token=hunter2", "secret": eventSecret, "headers": map[string]string{"Authorization": "Bearer t"},
		"types": types, "batch": map[string]any{"events": 3, "wait": "100ms"},
	}}
	return c
}

// A relay that is killed after a batch was accepted, and before that is noted, sends it again. Nothing is lost: neither what ended
// while the sink was away, nor what the kill cut short.
func TestEventsSurviveAKillBetweenSendingAndNoting(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 20})
	to := listenForEvents(t, http.StatusServiceUnavailable)
	cfg := sendsEvents(withTenants(speaksByOne(v)), to, "generation.ended")
	r := serve(t, cfg)
	const kills, texts = 3, 4
	for range kills {
		c := r.dialWith(t, dialing{header: bearer(acmeKey)})
		for i := range texts {
			id := "whole-" + string(rune('a'+i))
			c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
			c.completed(id)
		}
		c.send(j{"type": "generate", "generation_id": "cut", "text": "", "final": false})
		c.accepted("cut")
		killed := make(chan struct{})
		var once sync.Once
		to.answerWith(func() int { // it has the batch, and the relay never hears that
			once.Do(func() {
				r.Kill()
				close(killed)
			})
			return http.StatusOK
		})
		select {
		case <-killed:
		case <-time.After(deadline):
			t.Fatal("nothing was sent")
		}
		c.overWithin(deadline)
		to.answerWith(func() int { return http.StatusServiceUnavailable })
		r = serveIn(t, r.dir, cfg)
	}
	to.answerWith(func() int { return http.StatusOK })
	got := to.await(t, "generation.ended", kills*(texts+1))
	records := r.records(t, acmeKey, "limit=100")
	if len(records) != kills*(texts+1) || len(got) != len(records) {
		t.Errorf("%d records and %d events, want %d of both", len(records), len(got), kills*(texts+1))
	}
	outcomes := map[string]int{}
	for _, rec := range records {
		e, has := got[rec.RecordID]
		var data record
		if err := json.Unmarshal(e.Data(), &data); !has || err != nil || data.Outcome != rec.Outcome || data.RecordID != rec.RecordID || e.Subject() != "acme" {
			t.Errorf("record %+v has the event %s (%v)", rec, e, err)
		}
		outcomes[rec.Outcome]++
	}
	if outcomes["interrupted"] != kills || to.repeats < kills {
		t.Errorf("outcomes %v, %d repeats, want %d interrupted, and a repeat for each kill", outcomes, to.repeats, kills)
	}
	r.Log.Forbid("hunter2", eventSecret)
}

// Thresholds of budgets are events too, each told once a period, also over a restart.
func TestThresholdsAreEvents(t *testing.T) {
	withBothStores(t, func(t *testing.T, share func(*config)) {
		to := listenForEvents(t, http.StatusOK)
		cfg := sendsEvents(spending(t, 18), to, "budget.threshold") // "lazy dog." has nine characters
		share(cfg)
		cfg.Tenants["acme"].(map[string]any)["budget"].(map[string]any)["alert_at"] = []float64{0.5, 1}
		r := serve(t, cfg)
		c := r.dialWith(t, dialing{header: bearer(acmeKey)})
		for _, id := range []string{"g1", "g2"} {
			c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
			c.completed(id)
		}
		var at []float64
		for _, e := range to.await(t, "budget.threshold", 2) {
			var data struct {
				Scope, Tenant, Spent, Limit string
				AlertAt                     float64 `json:"alert_at"`
			}
			if err := json.Unmarshal(e.Data(), &data); err != nil || data.Scope != "tenant" || data.Tenant != "acme" || data.Limit != "0.180000" || e.Source() != "/voicerelay" {
				t.Errorf("%v: %s", err, e)
			}
			at = append(at, data.AlertAt)
		}
		if slices.Sort(at); !slices.Equal(at, []float64{0.5, 1}) {
			t.Errorf("told at %v", at)
		}
		r.Kill()
		c.overWithin(deadline)
		r = serveIn(t, r.dir, cfg)
		c = r.dialWith(t, dialing{header: bearer(acmeKey)})
		mark := c.mark()
		c.send(j{"type": "generate", "generation_id": "g3", "text": "lazy dog."})
		c.refusal(mark, "quota_exceeded")
		time.Sleep(2 * time.Second) // the budget has been looked at again
		if n, got := r.Log.Count("budget threshold passed"), to.await(t, "budget.threshold", 2); n != 0 || len(got) != 2 {
			t.Errorf("told %d times more after a restart, of %d events", n, len(got))
		}
	})
}
