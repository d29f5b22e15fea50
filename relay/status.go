package relay

import "voicerelay/relay/running"

// Status is how the generation stands.
func (g *Generation) Status() running.Status {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	s := running.Status{
		RecordID: g.recordID, GenerationID: g.req.id, ContextID: g.req.contextID, SessionID: g.client.ID,
		Tenant: g.req.Key.Tenant, Key: g.req.Key.Name, Dialect: g.req.metadata["dialect"], Route: g.req.plan.Route,
		Attempts: len(g.attempts.all), Characters: g.in.Text().Len(), Sent: g.out.sent(), Began: g.began,
	}
	if now := g.attempts.speakerLocked(); now != nil {
		s.Provider, s.Model = now.target.Provider, now.target.Model
	}
	return s
}

// speakerLocked is the attempt that is heard, else the latest; nil: there is none yet.
func (as *attempts) speakerLocked() *attempt {
	switch {
	case as.active != nil:
		return as.active
	case len(as.all) > 0:
		return as.all[len(as.all)-1]
	}
	return as.lastSpoke
}
