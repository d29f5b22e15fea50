package tracingtest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// Collector takes what is exported to it. It ends with its test.
type Collector struct {
	collector.UnimplementedTraceServiceServer

	// URL is where it is, for OTEL_EXPORTER_OTLP_ENDPOINT.
	URL string

	mu      sync.Mutex // guards what follows
	spans   []Span
	token   string        // of the last request, by its header "authorization"
	changed chan struct{} // closed by the next request
}

// patience bounds every wait for what must come: an exporter collects for five seconds by default.
const patience = 30 * time.Second

func newCollector() *Collector { return &Collector{changed: make(chan struct{})} }

// StartHTTP is a collector that speaks OTLP over HTTP, in protobuf.
func StartHTTP(t testing.TB) *Collector {
	t.Helper()
	c := newCollector()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// StartGRPC is a collector that speaks OTLP over gRPC.
func StartGRPC(t testing.TB) *Collector {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, server := newCollector(), grpc.NewServer()
	collector.RegisterTraceServiceServer(server, c)
	var served sync.WaitGroup
	served.Go(func() {
		if err := server.Serve(listener); err != nil {
			t.Errorf("serve gRPC: %v", err)
		}
	})
	t.Cleanup(func() {
		server.Stop()
		served.Wait()
	})
	c.URL = "http://" + listener.Addr().String()
	return c
}

// ServeHTTP implements http.Handler.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var asked collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &asked)
	}
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "no traces", http.StatusBadRequest)
		return
	}
	c.take(&asked, r.Header.Get("Authorization"))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// Export implements the service of gRPC.
func (c *Collector) Export(ctx context.Context, asked *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	token := ""
	if values := metadata.ValueFromIncomingContext(ctx, "authorization"); len(values) > 0 {
		token = values[0]
	}
	c.take(asked, token)
	return &collector.ExportTraceServiceResponse{}, nil
}

func (c *Collector) take(asked *collector.ExportTraceServiceRequest, token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = append(c.spans, spansOf(asked.GetResourceSpans())...)
	c.token = token
	close(c.changed)
	c.changed = make(chan struct{})
}

// Token is what the last request had in its header "authorization".
func (c *Collector) Token() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token
}

// Spans are those that have come so far.
func (c *Collector) Spans() []Span {
	spans, _ := c.now()
	return spans
}

func (c *Collector) now() (spans []Span, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans), c.changed
}

// Generation waits for the span of a generation by the client's id, and for those of its attempts, in the order in which they began.
func (c *Collector) Generation(t testing.TB, id string) (generation Span, attempts []Span) {
	t.Helper()
	late := time.After(patience)
	for {
		spans, changed := c.now()
		if i := slices.IndexFunc(spans, func(s Span) bool { return s.Attributes["voicerelay.generation_id"] == id }); i >= 0 {
			generation = spans[i]
			attempts = slices.DeleteFunc(spans, func(s Span) bool { return s.Parent != generation.ID })
			if int64(len(attempts)) == generation.Attributes["voicerelay.attempts"] {
				slices.SortFunc(attempts, func(a, b Span) int { return a.Began.Compare(b.Began) })
				return generation, attempts
			}
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("generation %s has no span, or not all of its attempts do: %d spans came", id, len(c.Spans()))
		}
	}
}
