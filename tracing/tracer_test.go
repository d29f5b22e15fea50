package tracing

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
	story "voicerelay/relay/trace"
	"voicerelay/tracing/tracingtest"
)

// parent is a client's place in a trace.
const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// opened is a tracer as the environment says, which must ask for one.
func opened(t *testing.T, log io.Writer) *Tracer {
	t.Helper()
	tracer, err := New(t.Context(), "v1", zerolog.New(log))
	if err != nil || tracer == nil {
		t.Fatalf("got %v, %v; want a tracer", tracer, err)
	}
	return tracer
}

// told is a generation that took over from one provider to another.
func told(began time.Time) story.Story {
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	price := func(micros int64) billing.Cost {
		return billing.Cost{Money: billing.Money{Micros: micros, Currency: "EUR"}, Source: billing.FromPriceList}
	}
	return story.Story{
		Record: billing.Record{
			ID: "r1", GenerationID: "g1", Tenant: "acme", Key: "bot", Route: "default", ContextID: "call-7",
			AdmittedAt: began, EndedAt: at(900), Characters: 40, Audio: 2 * time.Second, Outcome: billing.Completed,
			Attempts: []billing.Attempt{
				{Provider: "first", Model: "m1", StartedAt: at(1), EndedAt: at(500), Outcome: billing.Failed, Code: "dropped", Message: "the connection ended", Cost: price(1000)},
				{Provider: "second", UpstreamID: "req-7", StartedAt: at(501), EndedAt: at(890), Outcome: billing.Completed, Cost: price(2000)},
			},
		},
		FirstAudio: at(100),
		Attempts:   []story.Attempt{{Adapter: "tone", Heard: at(100)}, {Adapter: "tone", Heard: at(600), Reason: "dropped", At: time.Second}},
	}
}

func TestSpansReachACollector(t *testing.T) {
	for protocol, start := range map[string]func(testing.TB) *tracingtest.Collector{
		"http/protobuf": tracingtest.StartHTTP, "grpc": tracingtest.StartGRPC,
	} {
		t.Run(protocol, func(t *testing.T) {
			collector := start(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20token")
			t.Setenv("OTEL_SERVICE_NAME", "relay-eu")
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
			tracer := opened(t, io.Discard)
			began := time.Now()
			g := tracer.Begin(story.Context{Parent: parent, State: "vendor=1"}, began)
			if got := g.TraceID(); got != parent[3:35] {
				t.Errorf("the trace is %s, want the client's", got)
			}
			g.End(told(began))
			if err := tracer.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			generation, attempts := collector.Generation(t, "g1")
			checkTold(t, generation, attempts)
			if got := collector.Token(); got != "Bearer token" {
				t.Errorf("authorization is %q", got)
			}
			for name, want := range map[string]any{"service.name": "relay-eu", "service.version": "v1", "deployment.environment": "test"} {
				if got := generation.Resource[name]; got != want {
					t.Errorf("%s of the resource is %v, want %v", name, got, want)
				}
			}
		})
	}
}

// checkTold compares spans with what told has told.
func checkTold(t *testing.T, generation tracingtest.Span, attempts []tracingtest.Span) {
	t.Helper()
	if generation.Parent != parent[36:52] || generation.TraceState != "vendor=1" || generation.Failed {
		t.Errorf("got %+v, want a child of the client's span that has not failed", generation)
	}
	has(t, generation.Attributes, map[string]any{
		"gen_ai.operation.name": "generate_content", "gen_ai.output.type": "speech", "gen_ai.provider.name": "tone",
		"gen_ai.conversation.id": "call-7", "voicerelay.record_id": "r1", "voicerelay.tenant": "acme", "voicerelay.key": "bot",
		"voicerelay.route": "default", "voicerelay.dialect": "native", "voicerelay.provider": "second",
		"voicerelay.outcome": "completed", "voicerelay.characters": int64(40), "voicerelay.audio_seconds": 2.0,
		"voicerelay.cost": 0.003, "voicerelay.currency": "EUR",
	})
	if len(attempts) != 2 || !attempts[0].Failed || attempts[0].Status != "the connection ended" || attempts[1].Failed {
		t.Fatalf("attempts are %+v, want one that failed and one that did not", attempts)
	}
	has(t, attempts[0].Attributes, map[string]any{
		"gen_ai.request.model": "m1", "error.type": "dropped", "voicerelay.provider": "first", "voicerelay.cost": 0.001,
	})
	has(t, attempts[1].Attributes, map[string]any{"gen_ai.response.id": "req-7", "voicerelay.upstream_id": "req-7"})
	if got, want := attempts[0].Name, "generate_content m1"; got != want {
		t.Errorf("an attempt is called %q, want %q", got, want)
	}
	if generation.Event("voicerelay.first_audio") == nil || attempts[1].Event("voicerelay.first_audio") == nil {
		t.Error("an event of the first audio is missing")
	}
	if e := generation.Event("voicerelay.reroute"); e == nil {
		t.Error("there is no event of the reroute")
	} else {
		has(t, e.Attributes, map[string]any{"voicerelay.from": "first", "voicerelay.to": "second", "voicerelay.reason": "dropped"})
	}
	if e := generation.Event("voicerelay.takeover"); e == nil {
		t.Error("there is no event of the takeover")
	} else {
		has(t, e.Attributes, map[string]any{"voicerelay.from": "first", "voicerelay.to": "second", "voicerelay.at_seconds": 1.0})
	}
}

func has(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
}

func TestAParentThatIsNoneBeginsATrace(t *testing.T) {
	collector := tracingtest.StartHTTP(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	tracer := opened(t, io.Discard)
	g := tracer.Begin(story.Context{Parent: "00-nonsense-01"}, time.Now())
	g.End(told(time.Now()))
	if err := tracer.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if span, _ := collector.Generation(t, "g1"); span.Parent != "" || span.TraceID != g.TraceID() {
		t.Errorf("got %+v, want the first span of trace %s", span, g.TraceID())
	}
}

func TestATraceThatIsNotSampledIsNotExported(t *testing.T) {
	collector := tracingtest.StartHTTP(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	tracer := opened(t, io.Discard)
	tracer.Begin(story.Context{Parent: strings.TrimSuffix(parent, "01") + "00"}, time.Now()).End(told(time.Now()))
	if err := tracer.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if spans := collector.Spans(); len(spans) != 0 {
		t.Errorf("got %+v", spans)
	}
}

func TestNamesThatAreNoUTF8AreExported(t *testing.T) {
	collector := tracingtest.StartHTTP(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	tracer := opened(t, io.Discard)
	s := told(time.Now())
	s.Record.ContextID, s.Record.Attempts[0].Model, s.Record.Attempts[0].Message = "call-\xff", "m\xff", "\xff"
	tracer.Begin(story.Context{}, time.Now()).End(s)
	if err := tracer.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if span, _ := collector.Generation(t, "g1"); span.Attributes["gen_ai.conversation.id"] != "call-\uFFFD" {
		t.Errorf("got %v", span.Attributes["gen_ai.conversation.id"])
	}
}

func TestWithoutVariablesThereIsNothing(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"none":     {},
		"empty":    {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
		"disabled": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"},
		"others":   {"OTEL_SERVICE_NAME": "relay", "OTEL_TRACES_SAMPLER": "always_on"},
		"exporter": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range variables {
				t.Setenv(variable, value)
			}
			before := runtime.NumGoroutine()
			tracer, err := New(t.Context(), "v1", zerolog.Nop())
			if tracer != nil || err != nil {
				t.Errorf("got %v, %v", tracer, err)
			}
			if after := runtime.NumGoroutine(); after > before {
				t.Errorf("%d goroutines, and %d before", after, before)
			}
		})
	}
}

func TestFaultyVariablesAreNamed(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT":        "collector:4318",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://",
		"OTEL_EXPORTER_OTLP_PROTOCOL":        "thrift",
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "HTTP",
		"OTEL_TRACES_EXPORTER":               "zipkin",
		"OTEL_TRACES_SAMPLER":                "sometimes",
		"OTEL_SDK_DISABLED":                  "yes",
		"OTEL_RESOURCE_ATTRIBUTES":           "nonsense",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
			t.Setenv(name, value)
			if tracer, err := New(t.Context(), "v1", zerolog.Nop()); err == nil || tracer != nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, %v; want an error that names the variable", tracer, err)
			}
		})
	}
	t.Run("OTEL_TRACES_SAMPLER_ARG", func(t *testing.T) {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
		t.Setenv("OTEL_TRACES_SAMPLER", "traceidratio")
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", "2")
		if _, err := New(t.Context(), "v1", zerolog.Nop()); err == nil || !strings.Contains(err.Error(), "OTEL_TRACES_SAMPLER_ARG") {
			t.Errorf("got %v", err)
		}
	})
}

// A collector that takes connections and answers nothing: the worst that one can do to its clients.
func TestADeadCollectorDelaysNobody(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+silent(t))
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "16")
			t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
			var log lines
			tracer := opened(t, &log)
			began := time.Now()
			const generations = 1000 // far more than the queue takes
			for range generations {
				tracer.Begin(story.Context{}, began).End(told(began))
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("%d generations took %s", generations, took)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			began = time.Now()
			if err := tracer.Shutdown(ctx); err == nil {
				t.Error("spans were lost, and the end does not say so")
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the end took %s", took)
			}
			log.await(t, "traces are not exported")
		})
	}
}

// silent is the address of a server that never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		var open []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil {
				break
			}
			open = append(open, conn)
		}
		for _, conn := range open {
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-over
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return listener.Addr().String()
}
