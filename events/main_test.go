package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	cloudhttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"voicerelay/billing"
	"voicerelay/relay/relaytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// box is an outbox in memory, of one sink.
type box struct {
	mu      sync.Mutex
	events  []billing.Event
	sent    int64
	dropped int64
	moves   []int64 // each place that was noted
	broken  error   // what Sent fails with
}

func (b *box) put(t billing.EventType, id string) { b.putData(t, id, `{"x":1}`) }

func (b *box) putData(t billing.EventType, id, data string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := billing.Event{N: int64(len(b.events) + 1), ID: id, Type: t, Subject: "acme", Time: time.Now(), Data: []byte(data)}
	if t == billing.GenerationEnded {
		e.Data, e.Record = nil, &billing.Record{ID: id, Tenant: "acme", Metadata: map[string]string{"call": "42"}}
	}
	b.events = append(b.events, e)
}

func (b *box) Pending(_ context.Context, _ string, limit int) ([]billing.Event, int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := b.events[b.sent:]
	return slices.Clone(left[:min(len(left), limit)]), b.dropped, nil
}

func (b *box) Sent(_ context.Context, _ string, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	b.sent = n
	b.moves = append(b.moves, n)
	return nil
}

// place is how far the sink has come.
func (b *box) place() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sent
}

// noted are all places so far.
func (b *box) noted() []int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.moves)
}

// breaks has places fail to be noted; nil: no longer.
func (b *box) breaks(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = err
}

// drops says that so many events were dropped.
func (b *box) drops(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped = n
}

// receiver is who gets events, and checks what every one must do: signatures, and that the SDK's own receiver reads it.
type receiver struct {
	t      *testing.T
	answer func(call int, w http.ResponseWriter, events []event.Event) // nil: accepts

	mu       sync.Mutex
	calls    int
	at       []time.Time
	ids      []string // of each call, joined by commas
	accepted []event.Event
	sizes    []int
}

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	key, keyErr := webhooks.NewWebhook(testSecret)
	if err := errors.Join(err, keyErr, key.Verify(body, req.Header)); err != nil {
		r.t.Errorf("signature: %v", err)
	}
	req.Body = io.NopCloser(strings.NewReader(string(body)))
	events, err := cloudhttp.NewEventsFromHTTPRequest(req)
	if err != nil || !cloudhttp.IsHTTPBatch(req.Header) {
		r.t.Errorf("not a batch of CloudEvents: %v, %s", err, req.Header.Get("Content-Type"))
	}
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID())
		if err := e.Validate(); err != nil {
			r.t.Errorf("event %s: %v", e.ID(), err)
		}
	}
	r.mu.Lock()
	r.calls++
	call := r.calls
	r.at, r.ids, r.sizes = append(r.at, time.Now()), append(r.ids, strings.Join(ids, ",")), append(r.sizes, len(body))
	r.mu.Unlock()
	recorder := &status{ResponseWriter: w, code: 200}
	if r.answer != nil {
		r.answer(call, recorder, events)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if recorder.code/100 == 2 {
		r.accepted = append(r.accepted, events...)
	}
}

type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// got are the ids of the accepted events.
func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := []string{}
	for _, e := range r.accepted {
		ids = append(ids, e.ID())
	}
	return ids
}

// times are those of the calls.
func (r *receiver) times() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.at)
}

// lengths are those of the calls' bodies.
func (r *receiver) lengths() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sizes)
}

// called are the ids of each call.
func (r *receiver) called() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ids)
}

// sending sends to a receiver in a bubble, for as long as body runs. The sinks are closed after it.
func sending(t *testing.T, r *receiver, change func(*Sink), body func(b *box, registry *prometheus.Registry)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r.t = t
		pipe := relaytest.NewListener()
		server := &http.Server{Handler: r}
		served := make(chan struct{})
		go func() { defer close(served); _ = server.Serve(pipe) }()
		registry, b := prometheus.NewRegistry(), &box{}
		s, err := New(Config{
			Relay: "relay-1", Outbox: b, Registry: registry, Log: zerolog.Nop(),
			Record: func(r *billing.Record) ([]byte, error) {
				return json.Marshal(map[string]any{"record_id": r.ID, "metadata": r.Metadata})
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return pipe.Dial() }
		sink := Sink{
			Name: "usage", URL: "http://events.example/in", Types: billing.EventTypes(), Secret: testSecret,
			Headers: map[string]string{"Authorization": "Bearer secret"}, Batch: 3, Wait: DefaultWait, Timeout: DefaultTimeout,
		}
		change(&sink)
		if err := s.Use(t.Context(), []Sink{sink}, func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		body(b, registry)
		s.Close()
		_ = server.Close()
		<-served
		time.Sleep(time.Minute) // what was broken off has ended
	})
}

func unchanged(*Sink) {}

// value is that of the series with some labels' values, in the order of the labels' names.
func value(t *testing.T, registry *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if slices.Equal(values, labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	t.Errorf("no series %s%v", name, labels)
	return -1
}

func put(b *box, ids ...string) {
	for _, id := range ids {
		b.put(billing.GenerationEnded, id)
	}
}

func numbered(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint("r", i))
	}
	return ids
}
