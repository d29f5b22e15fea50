package relay

import (
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/relay/trace"
	"voicerelay/upstream"
)

// entrance is how an attempt began to be heard. It is guarded by out.mu.
type entrance struct {
	at     time.Time     // zero: it was not heard
	reason upstream.Kind // as of a trace.Attempt
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
	if id := g.trace.TraceID(); id != "" {
		g.log = g.log.With().Str("trace_id", id).Logger()
	}
}

// endTrace shows what has happened; nil: nobody wants to see it.
func (g *Generation) endTrace(s *trace.Story) {
	if s != nil {
		g.trace.End(*s)
	}
}

// story is what has happened in a generation that has this record.
func (g *Generation) story(record billing.Record) *trace.Story {
	if g.trace == nil {
		return nil
	}
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	s := &trace.Story{
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

func (a *attempt) storyLocked() trace.Attempt {
	s := trace.Attempt{Adapter: a.provider.Adapter, Hedges: a.hedges, Heard: a.g.sinceAdmission(a.entrance.at), Reason: a.entrance.reason}
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
