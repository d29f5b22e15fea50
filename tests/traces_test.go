package tests

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/tracing/tracingtest"
	"voicerelay/upstream/emulator"
)

// A caller's place in a trace, as W3C Trace Context writes it.
const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	callerSpan  = "00f067aa0ba902b7"
	traceparent = "00-" + traceID + "-" + callerSpan + "-01"
)

// tracedBy has a relay export its traces at once.
func (c *config) tracedBy(url, protocol string) *config {
	c.env = append(c.env, "OTEL_EXPORTER_OTLP_ENDPOINT="+url, "OTEL_EXPORTER_OTLP_PROTOCOL="+protocol, "OTEL_BSP_SCHEDULE_DELAY=50")
	return c
}

// traced is a client whose handshake names its place in a trace.
func (r *relay) traced(t *testing.T) *client {
	return r.dialWith(t, dialing{header: http.Header{"Traceparent": {traceparent}}})
}

func TestATakeoverIsSeenInATrace(t *testing.T) {
	for protocol, start := range map[string]func(testing.TB) *tracingtest.Collector{
		"http/protobuf": tracingtest.StartHTTP, "grpc": tracingtest.StartGRPC,
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			collector := start(t)
			ill, well := faulty(t, "error:INTERNAL_ERROR:1500ms", paced), emulateBy(t, "together", paced)
			r := serve(t, speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well}).tracedBy(collector.URL, protocol))
			c := r.traced(t)
			c.send(j{"type": "generate", "generation_id": "g", "text": twelve, "context_id": "call-7", "word_timestamps": true})
			record := c.completed("g").RecordID
			generation, attempts := collector.Generation(t, "g")
			same(t, "trace", generation.TraceID, traceID)
			same(t, "parent", generation.Parent, callerSpan)
			hasAttributes(t, "generation", generation.Attributes, j{
				"gen_ai.operation.name": "generate_content", "gen_ai.output.type": "speech", "gen_ai.provider.name": "together",
				"gen_ai.request.model": "hexgrad/Kokoro-82M", "gen_ai.conversation.id": "call-7", "voicerelay.record_id": record,
				"voicerelay.tenant": "local", "voicerelay.route": "default", "voicerelay.dialect": "native", "voicerelay.provider": "well",
				"voicerelay.outcome": "completed", "voicerelay.characters": int64(len(twelve)),
			})
			if len(attempts) != 2 || !attempts[0].Failed || attempts[1].Failed {
				t.Fatalf("attempts are %+v, want one that failed and one that did not", attempts)
			}
			hasAttributes(t, "first attempt", attempts[0].Attributes, j{
				"gen_ai.provider.name": "kugelaudio", "voicerelay.provider": "ill", "voicerelay.outcome": "failed", "error.type": "upstream_error",
			})
			hasAttributes(t, "second attempt", attempts[1].Attributes, j{"voicerelay.provider": "well", "voicerelay.outcome": "completed"})
			checkTakeover(t, generation, attempts)
			if r.Log.Count(`"trace_id":"`+traceID+`"`) < 2 { // of the attempt and of the generation
				t.Errorf("the log does not name the trace:\n%s", r.Log)
			}
			checkPrivate(t, append(attempts, generation))
		})
	}
}

// checkTakeover compares events with the attempts in whose course they came.
func checkTakeover(t *testing.T, generation tracingtest.Span, attempts []tracingtest.Span) {
	t.Helper()
	first, reroute, takeover := generation.Event("voicerelay.first_audio"), generation.Event("voicerelay.reroute"), generation.Event("voicerelay.takeover")
	if first == nil || reroute == nil || takeover == nil {
		t.Fatalf("events are %+v, want the first audio, a reroute and a takeover", generation.Events)
	}
	hasAttributes(t, "takeover", takeover.Attributes, j{
		"voicerelay.from": "ill", "voicerelay.to": "well", "voicerelay.reason": "upstream_error", "voicerelay.resume_source": "word_times",
	})
	hasAttributes(t, "reroute", reroute.Attributes, j{"voicerelay.from": "ill", "voicerelay.to": "well", "voicerelay.reason": "upstream_error"})
	for i, a := range attempts {
		e := a.Event("voicerelay.first_audio")
		if e == nil || e.At.Before(a.Began) || e.At.After(a.Ended) {
			t.Errorf("attempt %d has the event of its first audio as %+v", i, e)
		}
	}
	inOrder := []time.Time{generation.Began, attempts[0].Began, first.At, reroute.At, takeover.At, attempts[1].Ended, generation.Ended}
	for i := range inOrder[1:] {
		if inOrder[i+1].Before(inOrder[i]) {
			t.Errorf("times %d and %d of %v are in the wrong order", i, i+1, inOrder)
		}
	}
}

func hasAttributes(t *testing.T, what string, got map[string]any, want j) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %s is %v, want %v", what, name, got[name], value)
		}
	}
}

// checkPrivate looks for the text in all that was exported.
func checkPrivate(t *testing.T, spans []tracingtest.Span) {
	t.Helper()
	for _, s := range spans {
		for name, value := range s.Attributes {
			if told, ok := value.(string); ok && strings.Contains(strings.ToLower(told), "quick brown") {
				t.Errorf("%s has the text: %q", name, told)
			}
		}
	}
}

func TestACancelIsSeenInATrace(t *testing.T) {
	t.Parallel()
	collector := tracingtest.StartHTTP(t)
	r := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 1})).tracedBy(collector.URL, "http/protobuf"))
	c := r.traced(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
	c.await("audio", of("audio", "g"))
	c.send(j{"type": "cancel", "generation_id": "g"})
	c.done("g")
	generation, attempts := collector.Generation(t, "g")
	hasAttributes(t, "generation", generation.Attributes, j{"voicerelay.outcome": "cancelled", "error.type": nil})
	if len(attempts) != 1 || attempts[0].Attributes["voicerelay.outcome"] != "cancelled" || attempts[0].Failed || generation.Failed {
		t.Errorf("got %+v with %+v, want a cancelled attempt and no failure", generation, attempts)
	}
	e := generation.Event("voicerelay.cancel")
	if e == nil {
		t.Fatalf("events are %+v, want the cancel", generation.Events)
	}
	same(t, "cause", e.Attributes["voicerelay.cause"], any("cancelled by the client"))
}

func TestARequestAndAFailureAreSeenInATrace(t *testing.T) {
	t.Parallel()
	collector := tracingtest.StartHTTP(t)
	r := serve(t, speaksByOne(faulty(t, "refuse:INTERNAL_ERROR", emulator.Options{})).tracedBy(collector.URL, "http/protobuf"))
	request, err := http.NewRequest(http.MethodPost, r.url+"/v1/speech", strings.NewReader(`{"generation_id":"g","text":"Hello."}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", traceparent)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	generation, attempts := collector.Generation(t, "g")
	same(t, "parent", generation.Parent, callerSpan)
	if !generation.Failed || len(attempts) == 0 || !attempts[0].Failed {
		t.Errorf("got %+v with %+v, want failures", generation, attempts)
	}
	hasAttributes(t, "generation", generation.Attributes, j{"voicerelay.outcome": "failed", "error.type": "upstream_failed"})
}

// A connection has many turns, each of which may be part of a trace of its own.
func TestAMessageNamesItsOwnTrace(t *testing.T) {
	t.Parallel()
	const other = "0af7651916cd43dd8448eb211c80319c"
	collector := tracingtest.StartHTTP(t)
	c := serve(t, speaksByOne(emulate(t, emulator.Options{})).tracedBy(collector.URL, "http/protobuf")).traced(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "Hello.", "traceparent": "00-" + other + "-b7ad6b7169203331-01", "tracestate": "a=1"})
	c.completed("g")
	generation, _ := collector.Generation(t, "g")
	same(t, "trace", generation.TraceID, other)
	same(t, "parent", generation.Parent, "b7ad6b7169203331")
	same(t, "state", generation.TraceState, "a=1")
}

// Vendors are strangers: they learn of no trace.
func TestNoVendorIsToldOfATrace(t *testing.T) {
	t.Parallel()
	collector := tracingtest.StartHTTP(t)
	v := emulate(t, emulator.Options{})
	seen := make(chan http.Header, 8)
	target, err := url.Parse(strings.Replace(v.url, "ws", "http", 1))
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		seen <- r.In.Header.Clone()
		r.SetURL(target)
	}}
	between := httptest.NewServer(proxy)
	t.Cleanup(between.Close)
	c := speaksByOne(v).tracedBy(collector.URL, "http/protobuf")
	p := c.Providers["kugelaudio"]
	p.URL = strings.Replace(between.URL, "http", "ws", 1)
	c.Providers["kugelaudio"] = p
	client := serve(t, c).traced(t)
	client.send(j{"type": "generate", "generation_id": "g", "text": "Hello."})
	client.completed("g")
	header := <-seen
	for name := range header {
		if strings.HasPrefix(strings.ToLower(name), "trace") || strings.EqualFold(name, "baggage") {
			t.Errorf("the vendor was told %s: %q", name, header.Get(name))
		}
	}
}

func TestADisabledTracerConnectsToNobody(t *testing.T) {
	t.Parallel()
	collector := tracingtest.StartHTTP(t)
	c := speaksByOne(emulate(t, emulator.Options{})).tracedBy(collector.URL, "http/protobuf")
	c.env = append(c.env, "OTEL_SDK_DISABLED=true")
	r := serve(t, c)
	client := r.traced(t)
	client.send(j{"type": "generate", "generation_id": "g", "text": "Hello."})
	client.completed("g")
	client.drop()
	r.Stop()
	if spans := collector.Spans(); len(spans) > 0 {
		t.Errorf("got %+v", spans)
	}
	if r.Log.Count("trace_id") > 0 {
		t.Errorf("the log names a trace:\n%s", r.Log)
	}
}

// The collector takes connections and says nothing.
func TestACollectorThatHangsDelaysNoGeneration(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})).tracedBy("http://"+listener.Addr().String(), "grpc"))
	c := r.traced(t)
	for _, id := range []string{"g1", "g2", "g3"} {
		c.send(j{"type": "generate", "generation_id": id, "text": "Hello."})
		if done := c.completed(id); done.Timing.TotalMS > 5000 {
			t.Errorf("a generation took %d ms", done.Timing.TotalMS)
		}
	}
	c.drop()
	began := time.Now()
	r.Stop() // which fails the test if the exit code is not 0
	if took := time.Since(began); took > process.Deadline/2 {
		t.Errorf("the stop took %s", took)
	}
	if r.Log.Count("spans were lost with the stop") != 1 {
		t.Errorf("the log does not say that spans were lost:\n%s", r.Log)
	}
}

func TestAFaultyVariableStopsTheStart(t *testing.T) {
	t.Parallel()
	c := speaksByOne(emulate(t, emulator.Options{}))
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, c.marshal(t), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := process.Command(program, dir, "serve", "-config", path)
	cmd.Env = append(cmd.Env, "OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318")
	told, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(told), "OTEL_EXPORTER_OTLP_ENDPOINT") {
		t.Errorf("got %v: %s", err, told)
	}
}
