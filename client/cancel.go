package client

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// Close stops the speech, if it still runs, and waits for nothing: neither for the relay's word nor for the network. So it may
// be deferred, and called by code that is about to end. Ranges end at once. It returns nil always.
func (s *Speech) Close() error {
	s.leave()
	s.closing.Do(func() {
		if !s.isEnded() {
			s.run(func() { _, _ = s.Cancel(context.Background()) }) // Wait tells its end
		}
	})
	return nil
}

// Cancel stops the speech and waits for the relay's word on how far into the text its audio reached. Ranges end at
// once, whatever is still on its way.
func (s *Speech) Cancel(ctx context.Context) (protocol.Spoken, error) {
	if s.isEnded() && s.err == nil {
		s.leave()
		return s.done.Spoken, nil
	}
	return s.cancel(ctx, protocol.Setting[int64]{})
}

// CancelAt is Cancel where so much of the audio was played: the answer is how far the caller heard. It may also come
// when the speech has ended, up to ten minutes later on the same connection, since vendors speak faster than they are
// listened to.
func (s *Speech) CancelAt(ctx context.Context, played time.Duration) (protocol.Spoken, error) {
	return s.cancel(ctx, protocol.Set(max(played, 0).Milliseconds()))
}

func (s *Speech) cancel(ctx context.Context, played protocol.Setting[int64]) (protocol.Spoken, error) {
	s.leave()
	s.sending.Lock()
	l := s.link
	s.sending.Unlock()
	if l == nil {
		s.end(nil, errUnsent)
	}
	if s.isEnded() && s.err != nil {
		return protocol.Spoken{}, s.err
	}
	c := newCancellation(&protocol.Cancel{GenerationID: s.request.ID, PlayedMS: played})
	c.owed[s.request.ID] = played.Set
	if err := l.cancel(ctx, c); err != nil {
		if errors.Is(err, ErrLost) {
			s.end(nil, err) // where it waits for another connection
		}
		return protocol.Spoken{}, err
	}
	return c.spoken[s.request.ID], nil
}

// CancelContext stops all speeches of a context, the barge-in of a turn. played is how much was played of each that was
// played at all, whether it has ended or not: the answer says of them, and of all that ran, how far the caller heard. What is missing in it was on a connection that is gone.
func (c *Client) CancelContext(ctx context.Context, id string, played map[*Speech]time.Duration) (map[*Speech]protocol.Spoken, error) {
	heard := make(map[*Speech]protocol.Spoken)
	var failures []error
	for l, speeches := range c.hit(id, played) {
		cancel := newCancellation(&protocol.Cancel{ContextID: id})
		for _, s := range speeches {
			at, told := played[s]
			cancel.owed[s.request.ID] = told
			if told {
				cancel.tell(s.request.ID, at)
			}
		}
		if err := l.cancel(ctx, cancel); err != nil {
			failures = append(failures, err)
			continue
		}
		for _, s := range speeches {
			heard[s] = cancel.spoken[s.request.ID]
		}
	}
	return heard, errors.Join(failures...)
}

// hit stops listening to a context's speeches and says which are on which link. Those without one end here.
func (c *Client) hit(id string, played map[*Speech]time.Duration) map[*link][]*Speech {
	c.mu.Lock()
	links := slices.Collect(maps.Keys(c.links))
	waiting := slices.Clone(c.waiting)
	c.mu.Unlock()
	byLink := make(map[*link][]*Speech)
	for _, s := range waiting {
		if s.request.ContextID == id {
			s.leave()
			s.end(nil, errUnsent)
		}
	}
	for _, l := range links {
		byLink[l] = l.of(id)
		for s := range played {
			lost := s.isEnded() && s.err != nil // nothing answers for it
			if s.on(l) && !lost && !slices.Contains(byLink[l], s) {
				byLink[l] = append(byLink[l], s)
			}
		}
		for _, s := range byLink[l] {
			s.leave()
		}
		if len(byLink[l]) == 0 {
			delete(byLink, l)
		}
	}
	return byLink
}

// on reports whether the speech was sent on a link last.
func (s *Speech) on(l *link) bool {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.link == l
}

// cancel sends a cancellation and waits until everything that it owes is answered.
func (l *link) cancel(ctx context.Context, c *cancellation) error {
	ctx, stop := context.WithTimeout(ctx, answerTime)
	defer stop()
	// A done that answers an earlier cancel without a played time, which it may have crossed, must not be taken for one that
	// answers this.
	for earlier := l.unplayed(c); earlier != nil; earlier = l.unplayed(c) {
		if !earlier.isOver(ctx) {
			return context.Cause(ctx)
		}
	}
	if !l.sendCancel(c) {
		return ErrLost
	}
	if c.isOver(ctx) {
		return c.failure
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.cancels, c); i >= 0 { // else it was answered just now
		l.cancels = slices.Delete(l.cancels, i, i+1)
		c.end(context.Cause(ctx))
	}
	return c.failure
}

// unplayed is a cancel on its way, without a played time for what c has one for; nil: there is none.
func (l *link) unplayed(c *cancellation) *cancellation {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, earlier := range l.cancels {
		for id, told := range c.owed {
			if toldEarlier, owed := earlier.owed[id]; owed && told && !toldEarlier {
				return earlier
			}
		}
	}
	return nil
}

// sendCancel notes a cancellation and sends it, in the same order as others. It reports false where the link is over.
func (l *link) sendCancel(c *cancellation) bool {
	l.canceling.Lock()
	defer l.canceling.Unlock()
	l.mu.Lock()
	over := l.speeches == nil
	if !over {
		l.cancels = append(l.cancels, c)
	}
	l.mu.Unlock()
	if !over {
		_ = l.send(c.command) // the reader notices a broken link, and ends the cancellation
	}
	return !over
}

// answerDone takes a done for an answer to the cancels of its generation. Where it ended by itself the cancel came too
// late, and a played time is answered by a spoken that follows.
func (l *link) answerDone(d protocol.Done) {
	l.settle(func(c *cancellation) {
		if told, owed := c.owed[d.GenerationID]; owed && (d.Reason == "cancelled" || !told) {
			c.take(d.GenerationID, d.Spoken)
		}
	})
}

func (l *link) answer(id string, spoken protocol.Spoken) {
	l.settle(func(c *cancellation) {
		if _, owed := c.owed[id]; owed {
			c.take(id, spoken)
		}
	})
}

// excuse has cancels not wait for a generation that the relay refused: it answers none of them.
func (l *link) excuse(id string) {
	l.settle(func(c *cancellation) { delete(c.owed, id) })
}

// settle has the cancels look at an answer, and ends those that nothing is owed to.
func (l *link) settle(look func(*cancellation)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancels = slices.DeleteFunc(l.cancels, func(c *cancellation) bool {
		look(c)
		if len(c.owed) > 0 {
			return false
		}
		c.end(nil)
		return true
	})
}

// answerError ends the first cancel that a refusal fits: only a cancel of one generation has an id.
func (l *link) answerError(e *protocol.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.cancels, func(c *cancellation) bool { return c.command.GenerationID == e.GenerationID })
	if i >= 0 {
		l.cancels[i].end(e)
		l.cancels = slices.Delete(l.cancels, i, i+1)
	}
}
