package elevenlabs

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// reply is a frame to the adapter.
type reply map[string]any

// message is any message from the adapter, as a vendor reads it.
type message struct {
	Text          *string        `json:"text"`
	ContextID     string         `json:"context_id"`
	VoiceSettings map[string]any `json:"voice_settings"`
	Flush         bool           `json:"flush"`
	CloseContext  bool           `json:"close_context"`
}

// scripted is one context at the scripted vendor.
type scripted struct {
	c       *upstreamtest.Conn
	id      string
	text    string        // not flushed yet
	flushed chan string   // one of them; closed by the context's close
	stop    chan struct{} // closed by a second one
	over    chan struct{} // closed with isFinal
	closing bool
}

// script plays the vendor: all contexts side by side, so that a stream's pieces come mixed up, and no more than five.
func script(c *upstreamtest.Conn) {
	contexts := map[string]*scripted{}
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			fault(c, "", "the message is invalid", 1008)
			return
		}
		for id, s := range contexts {
			select {
			case <-s.over:
				delete(contexts, id)
			default:
			}
		}
		s := contexts[m.ContextID]
		switch {
		case m.ContextID == "": // keeps the socket
		case m.CloseContext:
			s.close(m.ContextID, c)
		case s == nil && len(contexts) == 5:
			fault(c, "max_active_conversations", "Maximum number of active contexts exceeded", 1008)
			return
		case s == nil:
			contexts[m.ContextID] = newScripted(c, m)
		case m.VoiceSettings != nil:
			fault(c, "", "voice_settings field must be provided in the first message and then either be not provided or not change.", 1008)
			return
		default:
			s.take(m)
		}
	}
}

// fault is how the vendor reports an error: a frame, and a close with its code and text.
func fault(c *upstreamtest.Conn, id, text string, code int) {
	f := reply{"message": text, "code": code}
	if id != "" {
		f["error"] = id
	}
	c.Send(f)
	c.Close(code)
}

func newScripted(c *upstreamtest.Conn, first message) *scripted {
	s := &scripted{
		c: c, id: first.ContextID, flushed: make(chan string, 1), stop: make(chan struct{}), over: make(chan struct{}),
	}
	s.take(first)
	c.Go(s.run)
	return s
}

func (s *scripted) take(m message) {
	s.text += *m.Text
	if m.Flush {
		s.flushed <- strings.TrimPrefix(s.text, " ") // of the opening message
		s.text = ""
	}
}

// close closes a context, for good where it is closing already.
func (s *scripted) close(id string, c *upstreamtest.Conn) {
	if s == nil {
		c.Stopped(streamOf(id)) // it ended while the order was on its way
		return
	}
	if !s.closing {
		s.closing = true
		close(s.flushed)
		return
	}
	c.Stopped(streamOf(id))
	if !c.Plan().Deaf {
		close(s.stop)
	}
}

// streamOf is the adapter's stream of a context, by the form that ids are to have.
func streamOf(id string) string { return id[:strings.LastIndex(id, ".")] }

// run speaks what is flushed until the context is closed.
func (s *scripted) run() {
	piece := id(s.id)
	for {
		select {
		case text, open := <-s.flushed:
			if !open {
				s.final(piece)
				return
			}
			if s.c.Plan().Fault != nil && piece > 0 {
				return // the stream meets its fault in the first piece
			}
			if !s.say(text, telling(piece%3)) {
				s.stopped(piece)
				return
			}
		case <-s.c.Over():
			return
		}
	}
}

// stopped ends a context that was told to stop.
func (s *scripted) stopped(piece int) {
	select {
	case <-s.stop:
		s.final(piece)
	case <-s.c.Over():
	}
}

func id(context string) int {
	_, piece, _ := vendorsocket.SplitID([]byte(context))
	return piece
}

// final ends the context, in either spelling.
func (s *scripted) final(piece int) {
	close(s.over)
	if piece%2 == 0 {
		s.c.Send(reply{"isFinal": true, "contextId": s.id})
		return
	}
	s.c.Send(reply{"audio": nil, "is_final": true, "context_id": s.id})
}

// telling is how times are told, which is not known of the vendor.
type telling int

const (
	whole     telling = iota // all in the first frame
	byChunk                  // with their chunk, from its beginning
	bySegment                // with their chunk, from the text's beginning
)

// say speaks a text.
func (s *scripted) say(text string, how telling) bool {
	times, sent := spelled(text), 0
	return s.c.Voice(streamOf(s.id), s.stop).Say(text, func(audio []byte) {
		from, to := float64(sent)/48, float64(sent+len(audio))/48 // ms at 24 kHz
		f := reply{"audio": base64.StdEncoding.EncodeToString(audio), "isFinal": nil, "contextId": s.id}
		f["normalizedAlignment"] = nil
		f["alignment"] = nil
		n := len(times)
		if how != whole {
			n = slices.IndexFunc(times, func(c character) bool { return c.start >= to })
			if n < 0 {
				n = len(times)
			}
		}
		if n > 0 {
			f["alignment"] = table(times[:n], how, from)
			times = times[n:]
		}
		sent += len(audio)
		s.c.Send(f)
	})
}

// character is one as it is spoken, in milliseconds.
type character struct {
	text          string
	start, length float64
}

// spelled are a text's characters: upstreamtest.Speech has 20 ms for each letter, and nothing for the others.
func spelled(text string) []character {
	var all []character
	at := 0.0
	for _, r := range text {
		c := character{text: string(r), start: at}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			c.length = 20
		}
		at += c.length
		all = append(all, c)
	}
	return all
}

// table is an alignment, in either spelling.
func table(times []character, how telling, from float64) reply {
	var chars []string
	var starts, lengths []float64
	for _, c := range times {
		start := c.start
		if how == byChunk {
			start -= from
		}
		chars, starts, lengths = append(chars, c.text), append(starts, start), append(lengths, c.length)
	}
	if how == whole {
		return reply{"chars": chars, "charStartTimesMs": starts, "charsDurationsMs": lengths}
	}
	return reply{"chars": chars, "charsStartTimesMs": starts, "charDurationsMs": lengths}
}
