package relay

import (
	"testing"
	"time"

	"voicerelay/billing"
	"voicerelay/relay/relaytest"
	"voicerelay/relay/trace"
)

// seeing is a tracer that keeps what it was told.
type seeing struct {
	parent trace.Context
	told   []trace.Story
}

func (s *seeing) Begin(parent trace.Context, _ time.Time) trace.Generation {
	s.parent = parent
	return s
}
func (s *seeing) TraceID() string      { return "0af7651916cd43dd8448eb211c80319c" }
func (s *seeing) End(told trace.Story) { s.told = append(s.told, told) }

// A tracer is told of nothing while frames pass, and they cost the same.
func TestFramesThatAreTracedAllocateNothing(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	for name, p := range paths() {
		t.Run(name, func(t *testing.T) {
			var by seeing
			f := p.framesTraced(t, &by)
			for range 10 { // buffers reach their size
				f.step()
			}
			if got := testing.AllocsPerRun(100, f.step); got > p.allocs() {
				t.Errorf("got %v allocations a frame, want %v", got, p.allocs())
			}
			if len(by.told) > 0 {
				t.Errorf("the tracer was told %d stories of a generation that runs", len(by.told))
			}
		})
	}
}

func TestWithoutATracerNothingIsAllocated(t *testing.T) {
	g := stage{vendor: relaytest.NewFake(), text: "Hello.", output: relaytest.FakeFormat}.generation(t)
	record := billing.Record{ID: "r1"}
	got := testing.AllocsPerRun(100, func() {
		g.beginTrace()
		g.endTrace(g.story(record))
	})
	if got > 0 {
		t.Errorf("got %v allocations", got)
	}
}

// What a request says of its trace goes before what its connection says.
func TestARequestsTraceGoesBeforeItsClients(t *testing.T) {
	for name, of := range map[string]struct{ client, request, want string }{
		"neither": {},
		"client":  {client: "00-c", want: "00-c"},
		"request": {request: "00-r", want: "00-r"},
		"both":    {client: "00-c", request: "00-r", want: "00-r"},
	} {
		t.Run(name, func(t *testing.T) {
			var by seeing
			g := stage{vendor: relaytest.NewFake(), text: "Hello.", output: relaytest.FakeFormat, tracer: &by}.generation(t)
			g.client.Trace, g.req.trace = trace.Context{Parent: of.client}, trace.Context{Parent: of.request}
			g.beginTrace()
			if by.parent.Parent != of.want {
				t.Errorf("got %q, want %q", by.parent.Parent, of.want)
			}
		})
	}
}

// Metadata is the client's in the relay's own protocol, and may have anything.
func TestADialectIsAName(t *testing.T) {
	for told, want := range map[string]string{
		"": "", "elevenlabs": "elevenlabs", "my-dialect_2": "my-dialect_2",
		"Dear Ms. Miller, your code is 1234": "", "a-name-that-is-far-too-long-for-a-dialect": "",
	} {
		p := Prepared{metadata: map[string]string{"dialect": told}}
		if got := p.dialect(); got != want {
			t.Errorf("%q: got %q, want %q", told, got, want)
		}
	}
}
