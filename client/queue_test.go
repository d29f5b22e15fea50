package client

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// frameCost is what a frame of peer.speaks counts for in a queue, with an id of one character.
const frameCost = 3 + 1 + 3*4 + 1 + overhead

// A speech that nobody listens to holds up no other, and has an end that can be waited for.
func TestASpeechThatNobodyHearsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{Unheard: 3 * frameCost})
		mute, short, other := speak(t, c, Request{Text: "m"}), speak(t, c, Request{Text: "s"}), speak(t, c, Request{Text: "o"})
		for range 3 {
			got[*protocol.Generate](p)
		}
		p.speaks("s", 'a', 'b', 'c')
		p.speaks("m", 'a', 'b', 'c', 'd', 'e')
		p.speaks("o", 'x')
		p.ends("o", "completed", 1)
		hears(t, other, "x", nil)
		p.ends("m", "completed", 1)
		p.ends("s", "completed", 1)
		if done, err := mute.Wait(t.Context()); err != nil || done.Reason != "completed" {
			t.Errorf("ended with %+v, %v", done, err)
		}
		hears(t, mute, "", ErrOverrun) // not a part, which could be taken for the whole
		hears(t, short, "abc", nil)    // as much as is kept
		p.silent()
	})
}

// Who begins to listen when too much was dropped is told, and the speech is not paid any longer.
func TestARangeThatBeginsTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{Unheard: 2 * frameCost})
		s := speak(t, c, Request{Text: "g"})
		got[*protocol.Generate](p)
		p.speaks("g", 'a', 'b', 'c')
		synctest.Wait()
		hears(t, s, "", ErrOverrun)
		got[*protocol.Cancel](p)
	})
}

// Who listens slowly gets all that is kept for him. What is beyond it is canceled, and said to be missing.
func TestASlowListenerIsHeldToTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{Backlog: 4 * frameCost})
		slow, other := speak(t, c, Request{Text: "s"}), speak(t, c, Request{Text: "o"})
		got[*protocol.Generate](p)
		got[*protocol.Generate](p)
		p.speaks("s", 'a')
		var heard []byte
		var end error
		for audio, err := range slow.Audio() {
			if err != nil {
				end = err
				continue
			}
			if heard = append(heard, audio.Data...); len(heard) == 1 {
				p.speaks("s", 'b', 'c', 'd', 'e', 'f')
				p.speaks("o", 'x')
				p.ends("o", "completed", 1)
				hears(t, other, "x", nil)
				if cancel := got[*protocol.Cancel](p); cancel.GenerationID != "s" {
					t.Errorf("sent %+v", cancel)
				}
				p.speaks("s", 'g') // crosses the cancel
				p.ends("s", "cancelled", 1)
				synctest.Wait()
			}
		}
		if string(heard) != "abcde" || !errors.Is(end, ErrOverrun) {
			t.Errorf("heard %q and %v, want abcde and %v", heard, end, ErrOverrun)
		}
		if done, err := slow.Wait(t.Context()); done != nil || !errors.Is(err, ErrOverrun) {
			t.Errorf("ended with %+v, %v", done, err)
		}
	})
}

// A minute of pauses costs nobody a sign of life: nothing waits for the listener.
func TestASlowListenerIsNoSilentRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		s := speak(t, c, Request{Text: "g"})
		p.speaks("g", 'a', 'b', 'c')
		p.ends("g", "completed", 1)
		var heard []byte
		for audio, err := range s.Audio() {
			if err != nil {
				t.Fatal(err)
			}
			heard = append(heard, audio.Data...)
			time.Sleep(2 * silence)
		}
		if string(heard) != "abc" {
			t.Errorf("heard %q", heard)
		}
		if p.pings.Load() == 0 {
			t.Error("no sign of life was asked for")
		}
	})
}

// A connection that is cut is noticed, however much waits to be listened to.
func TestACutIsNoticedBehindABacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		s := speak(t, c, Request{Text: "g"})
		got[*protocol.Generate](p)
		frames := bytes.Repeat([]byte{'a'}, 2000)
		p.speaks("g", frames...)
		p.drop()
		if _, err := s.Wait(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("ended with %v", err)
		}
		hears(t, s, string(frames), ErrLost)
		<-relay.peers // it connects again
	})
}

// Leaving a range cancels, and so does Close, and neither waits: not even for a relay that takes nothing more.
func TestLeavingCancelsAndWaitsForNothing(t *testing.T) {
	for name, leave := range map[string]func(*Speech){
		"range": func(s *Speech) {
			for range s.Audio() {
				break
			}
		},
		"close": func(s *Speech) {
			for range 3 {
				if err := s.Close(); err != nil {
					panic(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p := newFakeRelay(t).dial(Config{})
				s := speak(t, c, Request{Text: "g"})
				got[*protocol.Generate](p)
				p.speaks("g", 'a', 'b')
				synctest.Wait()
				began := time.Now()
				leave(s)
				hears(t, s, "", nil)
				if waited := time.Since(began); waited > 0 {
					t.Errorf("waited for %v", waited)
				}
				if cancel := got[*protocol.Cancel](p); cancel.GenerationID != "g" || cancel.PlayedMS.Set {
					t.Errorf("sent %+v", cancel)
				}
				p.ends("g", "cancelled", 3)
				if done, err := s.Wait(t.Context()); err != nil || done.Spoken.Char != 3 {
					t.Errorf("ended with %+v, %v", done, err)
				}
				p.silent()
			})
		})
	}
}

// The answer to a cancel without a played time, which leaving a range sends, is no answer to one that has it.
func TestACancelWithAPlayedTimeBehindOneWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newFakeRelay(t).dial(Config{})
		s := speak(t, c, Request{Text: "g", ContextID: "turn"})
		got[*protocol.Generate](p)
		_ = s.Close()
		got[*protocol.Cancel](p)
		at := canceling(func() (protocol.Spoken, error) { return s.CancelAt(t.Context(), time.Second) })
		turn := canceling(func() (protocol.Spoken, error) {
			heard, err := c.CancelContext(t.Context(), "turn", map[*Speech]time.Duration{s: time.Second})
			return heard[s], err
		})
		p.silent() // a second cancel could cross the answer to the first
		p.ends("g", "cancelled", 9)
		for range 2 {
			got[*protocol.Cancel](p)
			p.send(protocol.SpokenEvent{GenerationID: "g", Spoken: protocol.Spoken{Char: 5, Source: "word_times"}})
		}
		if char := <-at; char != 5 {
			t.Errorf("heard up to %d, want 5", char)
		}
		if char := <-turn; char != 5 {
			t.Errorf("of the turn heard up to %d, want 5", char)
		}
	})
}
