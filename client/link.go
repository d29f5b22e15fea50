package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// link is one WebSocket, from its ready to its end. What reads it is Client.serve.
type link struct {
	// Static after connect.
	conn   *websocket.Conn
	ready  protocol.Ready
	number int // of its relay, among Config's

	canceling sync.Mutex // held while a cancel is noted and sent, so that both have one order; taken before mu
	retired   bool       // guarded by the client's mu: nothing more is sent on it first

	mu       sync.Mutex         // guards what follows
	speeches map[string]*Speech // that the relay has not ended, by generation id; nil: the link is over
	cancels  []*cancellation    // in the order in which they were sent
}

func readReady(ctx context.Context, conn *websocket.Conn) (protocol.Ready, error) {
	_, data, err := conn.Read(ctx)
	if err != nil {
		return protocol.Ready{}, err
	}
	e, err := protocol.DecodeEvent(data)
	if err != nil {
		return protocol.Ready{}, err
	}
	ready, ok := e.(protocol.Ready)
	if !ok {
		return protocol.Ready{}, errors.New("the relay did not begin with ready")
	}
	return ready, nil
}

// read is the next message.
func (l *link) read(ctx context.Context) (websocket.MessageType, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	return l.conn.Read(ctx)
}

// ping asks for signs of life, until the link ends.
func (l *link) ping(ctx context.Context) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = l.send(&protocol.Ping{}) // the reader notices what is wrong
		}
	}
}

// send writes a command. A connection that does not take it ends, which its reader notices. A *protocol.Error says
// that it was not sent, being too large, which would cost the connection and all that is on it.
func (l *link) send(cmd protocol.Command) error {
	data, err := protocol.EncodeCommand(cmd)
	if err != nil {
		return &protocol.Error{Code: protocol.CodeInvalidRequest, Message: "provider_options are not JSON"}
	}
	if most := l.ready.Limits.MaxMessageBytes; most > 0 && len(data) > most {
		return textTooLong(most)
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	if err := l.conn.Write(ctx, websocket.MessageText, data); err != nil {
		_ = l.conn.CloseNow() // it is broken anyway
		return fmt.Errorf("send %s: %w", protocol.CommandName(cmd), err)
	}
	return nil
}

// register notes a speech that is about to be sent. It reports false where the link is over.
func (l *link) register(s *Speech) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.speeches == nil {
		return false
	}
	l.speeches[s.request.ID] = s
	return true
}

// speech is the running speech of an id, or nil.
func (l *link) speech(id string) *Speech {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.speeches[id]
}

// release takes a speech off the link: the relay has ended or refused it.
func (l *link) release(id string) *Speech {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.speeches[id]
	delete(l.speeches, id)
	return s
}

// of is the running speeches of a context.
func (l *link) of(contextID string) []*Speech {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*Speech
	for _, s := range l.speeches {
		if s.request.ContextID == contextID {
			all = append(all, s)
		}
	}
	return all
}

// close ends the link and returns what was running on it, oldest first.
func (l *link) close(cause error) []*Speech {
	l.mu.Lock()
	defer l.mu.Unlock()
	orphans := make([]*Speech, 0, len(l.speeches))
	for _, s := range l.speeches {
		orphans = append(orphans, s)
	}
	slices.SortFunc(orphans, byNumber)
	l.speeches = nil
	for _, c := range l.cancels {
		c.end(cause)
	}
	l.cancels = nil
	return orphans
}

// describe is why a connection ended, in a few words: the relay's own where it closed it.
func describe(err error) error {
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		return fmt.Errorf("the relay closed with %d: %s", closed.Code, strings.TrimSpace(closed.Reason))
	}
	return err
}

// attach sends the speech, with all its text so far, on a link. It reports false where that has ended. A write that
// fails ends the link, whose reader brings the speech back.
func (s *Speech) attach(l *link) bool {
	s.sending.Lock()
	defer s.sending.Unlock()
	if s.isLeft() { // by a cancel, which had nothing to cancel at the relay
		s.end(nil, errUnsent)
	}
	if s.isEnded() {
		return true
	}
	if !l.register(s) {
		return false
	}
	s.link = l
	if s.sent++; s.sent == 2 {
		s.resentAt = time.Now()
	}
	err := l.send(&protocol.Generate{
		GenerationID: s.request.ID, IdempotencyKey: s.request.IdempotencyKey, ContextID: s.request.ContextID,
		Text: s.text.String(), Final: s.finished, TextIdleTimeoutMS: given(s.request.TextIdle.Milliseconds()),
		Traceparent: s.request.Traceparent, Tracestate: s.request.Tracestate,
		Settings: s.request.settings(),
	})
	var refused *protocol.Error
	if errors.As(err, &refused) {
		l.release(s.request.ID)
		s.end(nil, refused)
	}
	if err == nil && s.flushed && !s.finished {
		_ = l.send(&protocol.Flush{GenerationID: s.request.ID}) // as above
	}
	return true
}
