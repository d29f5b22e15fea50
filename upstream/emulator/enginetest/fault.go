package enginetest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// Speaker is a client that has one text spoken, before which MeetFaults puts a vendor with each fault.
type Speaker struct {
	Vendor  engine.Vendor
	Address string      // path and query of the socket
	Header  http.Header // of the upgrade
	Quirks  []string    // under which frames are whole samples and errors name their stream, as name:value
	Speak   []string    // the messages that have a text of two seconds or more spoken to its end
	Again   []string    // the same for another text, where a socket goes on after an error, and beside a stall; nil: it does not
	Waits   []string    // messages that begin more streams, which wait for their text or for their turn
	Rate    int         // of the samples, in hertz
	Audio   string      // the field of a message with samples in base64; empty: samples are binary messages
	Stream  string      // the field by which an error names its stream; empty: none does
	Code    string      // an error that the vendor knows
	Charge  int64       // for the text of Speak, in the unit of engine.Stream; 0: it goes by the audio
	// NoRetryAfter is of a vendor whose refusals don't say when to come again.
	NoRetryAfter bool
	Ended        func(message map[string]any) bool
	Failed       func(message map[string]any, code string) bool
}

// Frames are as long as faultFrame, so that a fault after faultAfter comes between two of them.
const (
	faultFrame = 100 * time.Millisecond
	faultAfter = 300 * time.Millisecond
)

// heard is what came of a text.
type heard struct {
	sizes   []int          // of the frames of audio, in bytes
	audio   time.Duration  // of all of them
	first   time.Duration  // until the first of them
	took    time.Duration  // until the end
	last    map[string]any // the end, or the error; nil: neither came
	garbage bool           // a message of no protocol came
	err     error          // of the connection; context.DeadlineExceeded: nothing comes, and it is open
}

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

// names reports whether an error names its stream, where errors do.
func (s Speaker) names(h heard) bool {
	name, _ := h.last[s.Stream].(string)
	return s.Stream == "" || name != ""
}

// drawn are options whose seed has drawn the quirks.
func (s Speaker) drawn(t *testing.T, fault string) engine.Options {
	t.Helper()
	o := engine.Options{Chunk: faultFrame}
	o.Seed = Dialect{Vendor: s.Vendor, Options: o, Quirks: s.Quirks}.Seed(t, Line{})
	var err error
	if o.Fault, err = engine.ParseFault(fault); err != nil {
		t.Fatal(err)
	}
	return o
}

// meet speaks to a vendor with a fault, and hears what comes of it.
// The server may count 10 ms more or less, which is what rounding to frames costs.
func (s Speaker) meet(t *testing.T, fault string, right func(heard) bool) {
	t.Helper()
	t.Run("fault "+fault, func(t *testing.T) {
		o := s.drawn(t, fault)
		synctest.Test(t, func(t *testing.T) {
			c := Connect(t, Dialect{Vendor: s.Vendor, Options: o}, s.Address, s.Header)
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
			h := s.say(Connect(t, Dialect{Vendor: s.Vendor, Options: o}, s.Address, s.Header), s.Speak)
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

// say sends a text's messages, and hears it to an end of any kind.
func (s Speaker) say(c *Client, messages []string) (h heard) {
	c.T.Helper()
	began := time.Now()
	for _, m := range messages {
		if err := c.Conn.Write(c.T.Context(), websocket.MessageText, []byte(m)); err != nil {
			break // the fault has ended the connection, as its reader sees
		}
	}
	for h.err == nil && !h.garbage && h.last == nil {
		r := c.Next()
		h.err, h.garbage = r.Err, string(r.Data) == engine.GarbageText
		if h.err == nil && !h.garbage {
			s.take(c.T, &h, r, began)
		}
	}
	h.took = time.Since(began)
	return h
}

// take notes a message: its audio, or that it is the last.
func (s Speaker) take(t *testing.T, h *heard, r Arrival, began time.Time) {
	t.Helper()
	raw := r.Data
	if !r.Binary {
		message, err := Fields(r.Data)
		if err != nil {
			t.Fatalf("got %q: %v", r.Data, err)
		}
		if s.Ended(message) || s.Failed(message, s.Code) {
			h.last = message
		}
		encoded, _ := message[s.Audio].(string)
		if raw, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			t.Fatalf("audio %q: %v", encoded, err)
		}
	}
	if len(raw) == 0 {
		return
	}
	if h.sizes == nil {
		h.first = time.Since(began)
	}
	h.sizes = append(h.sizes, len(raw))
	total := 0
	for _, size := range h.sizes {
		total += size
	}
	h.audio = audio.Duration(int64(total/2), s.Rate)
}
