package relay

import (
	"voicerelay/billing"
	"voicerelay/relay/refusals"
	"voicerelay/relay/trace"
)

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
	for _, a := range g.attempts.all {
		s.Attempts = append(s.Attempts, a.storyLocked())
	}
	return s
}

// refuse tells the client that there is no generation, and that is all of it.
func (g *Generation) refuse(err *refusals.Error) {
	g.out.lane.Abandon()
	record := g.record()
	record.Outcome, record.Code = billing.Failed, string(err.Code)
	g.engine.onRefusal(record, err)
	if g.trace != nil {
		s := g.story(record)
		s.Refused = true
		defer g.endTrace(s)
	}
	g.client.Listener.Refused(g, err)
}
