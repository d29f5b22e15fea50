package relay

import (
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/relay/position"
	"voicerelay/upstream"
)

// Tracer shows generations as parts of traces, which begin at clients. It is safe for concurrent use, and nothing of it waits.
type Tracer interface {
	// Begin begins to show a generation, from its request on.
	Begin(parent TraceContext, at time.Time) Trace
}

// Trace is what is shown of one generation. Nothing of it is called while frames pass.
type Trace interface {
	// ID is what logs name the trace by; empty: it has none.
	ID() string
	// End ends it with all that there is to show. It is called once.
	End(s Story)
}

// TraceContext is where in a trace a client stands: the headers traceparent and tracestate of W3C Trace Context. Empty: in none.
type TraceContext struct{ Parent, State string }

// Story is what has happened in a generation.
type Story struct {
	// Record is the generation's, with its attempts. Of one that was refused it is what would have been recorded.
	Record  billing.Record
	Refused bool
	// Dialect is what the client speaks; empty: the relay's own protocol.
	Dialect string
	// FirstAudio is when the first audio could be sent; zero: none could.
	FirstAudio time.Time
	// Stopped is when the generation was ended from our side, Cause why; zero: it was not.
	Stopped time.Time
	Cause   string
	// Attempts are those of the record, in its order.
	Attempts []AttemptStory
}

// AttemptStory is what the record does not say of an attempt.
type AttemptStory struct {
	// Adapter is what speaks the vendor's protocol. Providers of several names may have the same.
	Adapter string
	// Hedges: it was opened beside another that kept the caller waiting.
	Hedges bool
	// Heard is when its first audio could be sent; zero: none could.
	Heard time.Time
	// Reason is why another voice, that the caller had heard, was replaced by this one; empty: none was.
	Reason upstream.Kind
	// Resume is where in the text, At where in the audio it went on then.
	Resume position.Resume
	At     time.Duration
}

// entrance is how an attempt began to be heard. It is guarded by out.mu.
type entrance struct {
	at     time.Time     // zero: it was not heard
	reason upstream.Kind // as AttemptStory.Reason
	audio  int64         // samples that had been sent before
}

// beginTrace begins to show the generation, if anybody wants to see it.
func (g *Generation) beginTrace() {
	tracer := g.engine.tracer
	if tracer == nil {
		return
	}
	parent := g.req.trace
	if parent.Parent == "" {
		parent = g.client.Trace
	}
	g.trace = tracer.Begin(parent, g.began)
	if id := g.trace.ID(); id != "" {
		g.log = g.log.With().Str("trace_id", id).Logger()
	}
}

// endTrace shows what has happened; nil: nobody wants to see it.
func (g *Generation) endTrace(s *Story) {
	if s != nil {
		g.trace.End(*s)
	}
}

// story is what has happened in a generation that has this record.
func (g *Generation) story(record billing.Record) *Story {
	if g.trace == nil {
		return nil
	}
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	s := &Story{
		Record: record, Dialect: g.req.dialect(), FirstAudio: g.sinceAdmission(g.out.firstAt), Stopped: g.sinceAdmission(g.out.stoppedAt),
	}
	if cause := g.out.stopCause; cause != nil {
		s.Cause = cause.name
	}
	for _, a := range g.out.attempts {
		s.Attempts = append(s.Attempts, a.storyLocked())
	}
	return s
}

func (a *attempt) storyLocked() AttemptStory {
	s := AttemptStory{Adapter: a.provider.Adapter, Hedges: a.hedges, Heard: a.g.sinceAdmission(a.entrance.at), Reason: a.entrance.reason}
	if s.Reason != "" {
		s.Resume, s.At = a.from, audio.Duration(a.entrance.audio, a.out.req.output.Rate)
	}
	return s
}

// refuse tells the client that there is no generation, and that is all of it.
func (g *Generation) refuse(err *Error) {
	g.out.lane.Abandon()
	if g.trace != nil {
		record := g.record()
		record.Outcome, record.Code = billing.Failed, string(err.Code)
		s := g.story(record)
		s.Refused = true
		defer g.endTrace(s)
	}
	g.client.Listener.Refused(g, err)
}

// maxDialect bounds the name of a dialect.
const maxDialect = 32

// dialect is the dialect that the client speaks, as its metadata say. In the relay's own protocol these are the client's: what can't
// be a dialect's name is none.
func (r *Prepared) dialect() string {
	name := r.metadata["dialect"]
	strange := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' }
	if len(name) > maxDialect || strings.ContainsFunc(name, strange) {
		return ""
	}
	return name
}
