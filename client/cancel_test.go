package client

import (
	"errors"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// canceling runs a cancel, whose answer is still to come.
func canceling(cancel func() (protocol.Spoken, error)) <-chan int {
	answered := make(chan int, 1)
	go func() {
		spoken, err := cancel()
		if err != nil {
			spoken.Char = -1
		}
		answered <- spoken.Char
	}()
	return answered
}

func TestCancelSaysHowFarTheCallerHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		s := speak(t, c, Request{Text: "g"})
		got[*protocol.Generate](p)
		p.speaks("g", 'a', 'b')
		synctest.Wait()
		answer := canceling(func() (protocol.Spoken, error) { return s.CancelAt(t.Context(), 140*time.Millisecond) })
		if command := got[*protocol.Cancel](p); command.GenerationID != "g" || command.PlayedMS.Value != 140 {
			t.Errorf("sent %+v", command)
		}
		hears(t, s, "", nil) // at once, whatever is queued and still to come
		p.speaks("g", 'c')
		p.ends("g", "cancelled", 4)
		if char := <-answer; char != 4 {
			t.Errorf("heard up to %d, want 4", char)
		}
		if done, err := s.Wait(t.Context()); err != nil || done.Reason != "cancelled" {
			t.Errorf("done %+v, %v", done, err)
		}
		if spoken, err := s.Cancel(t.Context()); err != nil || spoken.Char != 4 {
			t.Errorf("another cancel: %+v, %v", spoken, err)
		}
		p.silent()
	})
}

// Vendors speak faster than they are heard: most barge-ins find the generation ended, also on the way.
func TestCancelOfWhatHasEnded(t *testing.T) {
	for name, late := range map[string]bool{"before": false, "on the way": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := newFakeRelay(t).dial(Config{})
				s := speak(t, c, Request{Text: "g"})
				got[*protocol.Generate](p)
				if !late {
					p.ends("g", "completed", 9)
					hears(t, s, "", nil)
				}
				answer := canceling(func() (protocol.Spoken, error) { return s.CancelAt(t.Context(), time.Second) })
				got[*protocol.Cancel](p)
				if late {
					p.ends("g", "completed", 9)
				}
				p.send(protocol.SpokenEvent{GenerationID: "g", Spoken: protocol.Spoken{Char: 5, Source: "word_times"}})
				if char := <-answer; char != 5 {
					t.Errorf("heard up to %d, want 5", char)
				}
			})
		})
	}
}

func TestCancelThatIsNotAnswered(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(*peer)
		want   int
	}{
		"refused": {func(p *peer) {
			p.send(&protocol.Error{Command: "cancel", GenerationID: "other", Code: protocol.CodeRateLimitExceeded})
			p.send(&protocol.Error{Command: "cancel", GenerationID: "g", Code: protocol.CodeRateLimitExceeded})
		}, -1},
		"lost":  {(*peer).drop, -1},
		"never": {func(*peer) {}, -1},
		"of refused": {func(p *peer) {
			p.send(&protocol.Error{Command: "generate", GenerationID: "g", Code: protocol.CodeUnknownVoice})
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := newFakeRelay(t).dial(Config{})
				s := speak(t, c, Request{Text: "g"})
				got[*protocol.Generate](p)
				began := time.Now()
				answer := canceling(func() (protocol.Spoken, error) { return s.Cancel(t.Context()) })
				got[*protocol.Cancel](p)
				tt.answer(p)
				if char := <-answer; char != tt.want {
					t.Errorf("answered with %d, want %d", char, tt.want)
				}
				if waited := time.Since(began); (waited == answerTime) != (name == "never") {
					t.Errorf("waited for %v", waited)
				}
			})
		})
	}
}

func TestCancelOfWhatNeverHadAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		p.drop()
		synctest.Wait()
		single, turn, kept := speak(t, c, Request{Text: "single"}), speak(t, c, Request{Text: "turn", ContextID: "turn"}), speak(t, c, Request{Text: "kept"})
		if _, err := single.Cancel(t.Context()); !errors.Is(err, errUnsent) {
			t.Errorf("canceled: %v", err)
		}
		if heard, err := c.CancelContext(t.Context(), "turn", nil); err != nil || len(heard) > 0 {
			t.Errorf("heard %v, %v; nothing was sent", heard, err)
		}
		hears(t, turn, "", errUnsent)
		p = <-relay.peers
		if g := got[*protocol.Generate](p); g.GenerationID != kept.ID() {
			t.Errorf("sent %+v", g)
		}
		p.silent()
	})
}

func TestBargeInIsOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		turn := make(map[string]*Speech)
		for _, id := range []string{"ended", "running", "unheard"} {
			turn[id] = speak(t, c, Request{Text: id, ContextID: "turn"})
			got[*protocol.Generate](p)
		}
		other := speak(t, c, Request{Text: "other", ContextID: "other"})
		got[*protocol.Generate](p)
		p.ends("ended", "completed", 5)
		synctest.Wait()
		played := map[*Speech]time.Duration{turn["ended"]: 900 * time.Millisecond, turn["running"]: 100 * time.Millisecond}
		answers := make(chan map[*Speech]protocol.Spoken, 1)
		go func() {
			heard, err := c.CancelContext(t.Context(), "turn", played)
			if err != nil {
				t.Error(err)
			}
			answers <- heard
		}()
		command := got[*protocol.Cancel](p)
		if want := map[string]int64{"ended": 900, "running": 100}; command.ContextID != "turn" || !maps.Equal(command.Played, want) {
			t.Errorf("sent %+v, want %v", command, want)
		}
		p.ends("unheard", "cancelled", 0)
		p.send(protocol.SpokenEvent{GenerationID: "ended", Spoken: protocol.Spoken{Char: 4}})
		p.ends("running", "cancelled", 2)
		want := map[*Speech]protocol.Spoken{
			turn["ended"]: {Char: 4}, turn["running"]: {Char: 2, Source: "word_times"}, turn["unheard"]: {Source: "word_times"},
		}
		if heard := <-answers; !maps.Equal(heard, want) {
			t.Errorf("heard %v, want %v", heard, want)
		}
		p.speaks("other", 'x')
		p.ends("other", "completed", 5)
		hears(t, other, "x", nil)
	})
}
