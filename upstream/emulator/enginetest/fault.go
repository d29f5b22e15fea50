package enginetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// MeetFaults has a text spoken by a vendor with each fault: it must come when it is due, after the audio that is due before
// it and no more, and leave nothing behind. Time is faked, so a busy machine makes no difference.
// The audio before a fault is compared with what the server counts, since what was generated is charged.
func MeetFaults(t *testing.T, s Speaker) {
	t.Helper()
	ended := func(h heard) bool { return h.last != nil && s.Ended(h.last) }
	whole := func(h heard) bool { return ended(h) && h.audio > 2*faultAfter }
	failed := func(h heard) bool { return h.last != nil && s.Failed(h.last, s.Code) }
	for fault, right := range map[string]func(heard) bool{
		"":              whole,
		"null_cost":     whole,
		"empty":         func(h heard) bool { return ended(h) && h.audio == 0 },
		"wrong_length":  func(h heard) bool { return ended(h) && h.audio > 0 && h.audio < faultFrame },
		"odd_chunks":    func(h heard) bool { return whole(h) && h.sizes[0]%2 == 1 },
		"late:2s":       func(h heard) bool { return whole(h) && h.first >= 2*time.Second && h.took < 3*time.Second },
		"slow":          func(h heard) bool { return whole(h) && h.took >= h.audio*3/2 },
		"drop":          func(h heard) bool { return dropped(h) && h.audio <= faultFrame },
		"drop:300ms":    func(h heard) bool { return dropped(h) && h.audio <= faultAfter+faultFrame },
		"garbage":       func(h heard) bool { return h.garbage && inTime(h, 0) },
		"garbage:300ms": func(h heard) bool { return h.garbage && inTime(h, faultAfter) },
		"stall":         func(h heard) bool { return errors.Is(h.err, context.DeadlineExceeded) && inTime(h, 0) },
		"stall:300ms":   func(h heard) bool { return errors.Is(h.err, context.DeadlineExceeded) && inTime(h, faultAfter) },
		"close":         func(h heard) bool { return websocket.CloseStatus(h.err) == 1011 && inTime(h, 0) },
		"close:1013:300ms": func(h heard) bool {
			return websocket.CloseStatus(h.err) == websocket.StatusTryAgainLater && inTime(h, faultAfter)
		},
		"error:" + s.Code:            func(h heard) bool { return failed(h) && s.names(h) && inTime(h, 0) },
		"error:" + s.Code + ":300ms": func(h heard) bool { return failed(h) && s.names(h) && inTime(h, faultAfter) },
		"error:" + s.Code + ":session": func(h heard) bool {
			return failed(h) && (s.Stream == "" || !s.names(h)) && inTime(h, 0)
		},
	} {
		s.meet(t, fault, right)
	}
	s.keepsTime(t)
	s.refused(t)
	s.leavesNothing(t)
}

// inTime reports whether the audio before a fault is what was due, to the frame in which the fault came.
func inTime(h heard, due time.Duration) bool { return h.audio >= due && h.audio <= due+faultFrame }

// dropped reports whether the connection ended without a close frame.
// A status of -1 is the library's for an end without a close frame.
func dropped(h heard) bool {
	return h.err != nil && !errors.Is(h.err, context.DeadlineExceeded) && websocket.CloseStatus(h.err) == -1
}

// meet speaks to a vendor with a fault, and hears what comes of it.
// The server may count 10 ms more or less, which is what rounding to frames costs.
func (s Speaker) meet(t *testing.T, fault string, right func(heard) bool) {
	t.Helper()
	t.Run("fault "+fault, func(t *testing.T) {
		o := s.drawn(t, fault)
		synctest.Test(t, func(t *testing.T) {
			c := Connect(t, Dialect{Vendor: s.Vendor, Codec: s.Codec, Options: o}, s.Address, s.Header)
			h := s.say(c, s.Speak)
			if !right(h) {
				t.Errorf("heard %v in frames of %v bytes, the first after %v; ended after %v by %v, garbage %t, %v",
					h.audio, h.sizes, h.first, h.took, Brief(h.last), h.garbage, h.err)
			}
			seen := c.Server.Stats().Streams[0]
			if (seen.Audio-h.audio).Abs() > 10*time.Millisecond && !dropped(h) {
				t.Errorf("the vendor counts %v of audio, and %v were heard", seen.Audio, h.audio)
			}
			if s.Charge != 0 && fault == "" && seen.Charge != s.Charge {
				t.Errorf("charge: got %d, want %d", seen.Charge, s.Charge)
			}
			stalled := s.Stream != "" && errors.Is(h.err, context.DeadlineExceeded)
			if s.Again != nil && (h.last != nil || stalled) {
				c.Server.SetFault(engine.Fault{})
				if next := s.say(c, s.Again); next.last == nil || !s.Ended(next.last) || next.audio == 0 {
					t.Errorf("the next text: heard %v, ended by %v, %v", next.audio, Brief(next.last), next.err)
				}
			}
			_ = c.Conn.CloseNow() // the fault may have done so
			wantNothingOpen(t, c.Server)
		})
	})
}

// keepsTime speaks to a vendor without a fault that is as late and as slow as the options say.
func (s Speaker) keepsTime(t *testing.T) {
	t.Helper()
	t.Run("in time", func(t *testing.T) {
		const late, pace = 700 * time.Millisecond, 4
		o := s.drawn(t, "")
		o.FirstAudio, o.Pace = late, pace
		synctest.Test(t, func(t *testing.T) {
			h := s.say(Connect(t, Dialect{Vendor: s.Vendor, Codec: s.Codec, Options: o}, s.Address, s.Header), s.Speak)
			if h.first < late || h.first > late+faultFrame {
				t.Errorf("first audio after %v, want %v", h.first, late)
			}
			if least := late + (h.audio-faultFrame)/pace; h.took < least || h.took > least+time.Second {
				t.Errorf("%v of audio took %v, want %v", h.audio, h.took, least)
			}
			if got := audio.Duration(int64(h.sizes[0]/2), s.Rate); (got - faultFrame).Abs() > time.Millisecond {
				t.Errorf("a frame of %v, want %v", got, faultFrame)
			}
		})
	})
}
