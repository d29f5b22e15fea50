package enginetest

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

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
	Codec   *Codec      // of a vendor whose messages are no JSON; nil: they are
	Rate    int         // of the samples, in hertz
	Audio   string      // the field of a message with samples in base64; empty: samples are binary messages
	// Sound is a message's samples, where they stand otherwise than as Audio can say.
	Sound  func(message map[string]any) []byte
	Stream string // the field by which an error names its stream; empty: none does
	Flat   bool   // fields are named by their paths: see Flatten
	Code   string // an error that the vendor knows
	Charge int64  // for the text of Speak, in the unit of engine.Stream; 0: it goes by the audio
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

// say sends a text's messages, and hears it to an end of any kind.
func (s Speaker) say(c *Client, messages []string) (h heard) {
	c.T.Helper()
	began := time.Now()
	for _, m := range messages {
		if err := s.Codec.write(c.T.Context(), c.Conn, m); err != nil {
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
		if s.Flat {
			message = Flatten(message)
		}
		if s.Ended(message) || s.Failed(message, s.Code) {
			h.last = message
		}
		if raw, err = s.sound(message); err != nil {
			t.Fatalf("audio of %v: %v", Brief(message), err)
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

// sound is a message's samples.
func (s Speaker) sound(message map[string]any) ([]byte, error) {
	if s.Sound != nil {
		return s.Sound(message), nil
	}
	encoded, _ := message[s.Audio].(string)
	return base64.StdEncoding.DecodeString(encoded)
}
