package zeligate

import (
	"cmp"
	"context"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// run speaks until the stream ends, or until ctx does with the connection. speech ends with halt too.
func (s *speaker) run(ctx, speech context.Context) {
	defer s.release()
	end := s.speak(speech)
	if s.voice.stalled {
		<-ctx.Done()
	}
	if wrong := s.failure(); wrong != nil && ctx.Err() == nil {
		end = s.tell(s.conn, wrong)
	}
	s.mu.Lock()
	begun := s.begun
	s.mu.Unlock()
	if begun {
		s.server.Finish(s.index)
	}
	close(s.silent)
	end.apply(ctx, s.conn)
	if s.quirks.lingers {
		s.linger()
	}
}

// speak does the jobs in order, and returns how the socket ends.
func (s *speaker) speak(ctx context.Context) endReason {
	for ctx.Err() == nil {
		j, ok := s.pop()
		if !ok {
			s.await(ctx)
			continue
		}
		if end, over := s.do(ctx, j); over {
			return end
		}
	}
	return endReason{}
}

// await waits for a job, in the time that the client has.
// No idle limit is documented. Where one is drawn, it is ElevenLabs' of 20 s.
func (s *speaker) await(ctx context.Context) {
	var lapsed <-chan time.Time // never comes where sockets may be idle
	if s.quirks.idles {
		s.mu.Lock()
		left := time.Until(s.last.Add(cmp.Or(s.server.Options().Inactivity, inactivity)))
		s.mu.Unlock()
		if left <= 0 {
			s.fail(idle())
			return
		}
		timer := time.NewTimer(left)
		defer timer.Stop()
		lapsed = timer.C
	}
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-lapsed:
	}
}

// do does one job and reports whether it was the last.
func (s *speaker) do(ctx context.Context, j job) (end endReason, over bool) {
	switch j.kind {
	case open:
		if s.quirks.hold == holdStream {
			s.engage(ctx)
		}
	case say:
		return s.say(ctx, j.text)
	case endOfText:
		return s.finish(), true
	}
	return endReason{}, false
}

// finish sends what the encoder still has, and the final frame.
// The docs' program closes after the final frame; whether the server would is not said. ElevenLabs closes with 1000.
func (s *speaker) finish() endReason {
	if end, over := s.broken(); over {
		return end
	}
	if s.fault.Kind != engine.Empty {
		s.sendAudio(append(s.voice.held, s.encoder.End()...))
	}
	if !s.settle(nil) {
		return endReason{}
	}
	engine.Send(s.conn, engine.Object{"audio": nil, "isFinal": true})
	if s.quirks.finalCloses {
		return endReason{code: websocket.StatusNormalClosure}
	}
	return endReason{}
}

// Zeligate has no limits of its own on concurrency, and no price: it stands on its customer's machine. Its one number,
// the text that a stream may have, is not given.
const inactivity = 20 * time.Second // where there is a limit: that of the protocol that it mirrors
