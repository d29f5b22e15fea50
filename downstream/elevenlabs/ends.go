package elevenlabs

import (
	"context"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio/codec"
	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/refusals"
)

// Refused implements session.Talk: a context was not admitted.
func (t *talk) Refused(g *relay.Generation, err *refusals.Error) {
	c := t.remove(g)
	t.fail(c.key(), c.id, downstream.WireError(err))
}

// Ended implements session.Talk: a context's final frame is on its way. An error goes before it, and silence where the client would
// take an answer without audio for a failure.
func (t *talk) Ended(g *relay.Generation, finish func()) {
	result := g.Result()
	t.mu.Lock()
	c := t.of[g]
	spoke := c.spoke
	t.mu.Unlock()
	if result.Err != nil {
		c.wire.told = true
		t.sendError(downstream.WireError(result.Err), c.id)
	} else if spoke && downstream.NothingSpoken(result) {
		t.Send(c.wire.audio(t.srv.silence(t.address.output)))
	}
	t.finish(g, result.Err != nil, finish)
	switch {
	case t.single && result.Err != nil:
		t.Conn.Shut(delivery.ClosePolicy, faultOf(downstream.WireError(result.Err)).id)
	default:
		t.leave()
	}
}

// finish takes out the context of a generation that has ended. No message of the client's finds it between that and its final frame.
func (t *talk) finish(g *relay.Generation, failed bool, finish func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.removeLocked(g)
	if failed {
		t.dead.add(c.key())
	}
	finish()
}

// silencePatience bounds how long a moment of silence is compressed, which takes some 50 ms where the machine is idle.
const silencePatience = 5 * time.Second

// silence is a moment of silence as a client gets its audio; nil: it can't be made.
func (srv *host) silence(o output) []byte {
	silence := downstream.SilenceFor(o.Samples())
	if !o.Compressed() {
		return silence
	}
	ctx, cancel := context.WithTimeout(context.Background(), silencePatience)
	defer cancel()
	file, err := srv.Codecs().Compress(ctx, codec.Format{Format: o.Format, Kbps: o.kbps}, silence)
	if err != nil {
		return nil // the client hears that the text is over
	}
	return file
}

// fail tells the client that a context has failed before there was audio. The final frame is for Pipecat, which looks at no error.
func (t *talk) fail(id string, told *string, err *protocol.Error) {
	t.mu.Lock()
	t.dead.add(id)
	t.mu.Unlock()
	t.sendError(err, told)
	if t.single {
		t.Conn.Shut(delivery.ClosePolicy, faultOf(err).id)
		return
	}
	t.Send(finalFrame(aboutContext(told)))
	t.leave()
}

// remove takes out the context of a generation.
func (t *talk) remove(g *relay.Generation) *speechContext {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.removeLocked(g)
}

func (t *talk) removeLocked(g *relay.Generation) *speechContext {
	c := t.of[g]
	delete(t.of, g)
	if t.open[c.key()] == c {
		delete(t.open, c.key())
	}
	return c
}
