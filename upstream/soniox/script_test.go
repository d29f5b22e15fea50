package soniox

import (
	"encoding/base64"
	"encoding/json"
	"time"
	"unicode"

	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// reply is a frame to the adapter.
type reply map[string]any

// message is any message from the adapter, as a vendor reads it.
type message struct {
	openMessage
	Text      *string `json:"text"`
	TextEnd   bool    `json:"text_end"`
	Cancel    bool    `json:"cancel"`
	KeepAlive bool    `json:"keep_alive"`
}

// scripted is a stream at the scripted vendor.
type scripted struct {
	stop chan struct{} // closed by a cancel
	over chan struct{} // closed with terminated
}

// live reports whether the stream has not been terminated.
func (s *scripted) live() bool {
	if s == nil {
		return false
	}
	select {
	case <-s.over:
		return false
	default:
		return true
	}
}

// script plays the vendor: all streams side by side, so that those of one of ours come mixed up, and no more than five.
func script(c *upstreamtest.Conn) {
	streams := map[string]*scripted{}
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var m message
		if err := json.Unmarshal(data, &m); err != nil {
			c.Send(reply{"error_code": 400, "error_message": "no JSON"})
			return
		}
		s, live := streams[m.StreamID], 0
		for _, other := range streams {
			if other.live() {
				live++
			}
		}
		switch {
		case m.KeepAlive:
		case m.Cancel:
			c.Stopped(streamOf(m.StreamID))
			if s.live() && !c.Plan().Deaf {
				close(s.stop)
			}
		case m.Model != "" && (s.live() || m.Voice == "" || m.Language == "" || m.SampleRate == 0 || !m.ReturnTimestamps):
			fault(c, m.StreamID, 400)
		case m.Model != "" && live == 5:
			fault(c, m.StreamID, 429)
		case m.Model != "":
			streams[m.StreamID] = &scripted{stop: make(chan struct{}), over: make(chan struct{})}
		case !s.live() || m.Text == nil || *m.Text == "" || !m.TextEnd:
			fault(c, m.StreamID, 400)
		default:
			c.Go(func() { s.generate(c, m.StreamID, *m.Text) })
		}
	}
}

// fault is how the vendor reports an error of a stream.
func fault(c *upstreamtest.Conn, id string, code int) {
	c.Send(reply{"stream_id": id, "error_code": code, "error_message": "secret vendor text"})
	c.Send(reply{"stream_id": id, "terminated": true})
}

// streamOf is the adapter's stream of one of the vendor's, by the form that ids are to have.
func streamOf(id string) string {
	name, _, _ := vendorsocket.SplitID([]byte(id))
	return string(name)
}

// generate speaks a stream, to its end or to where it is stopped.
func (s *scripted) generate(c *upstreamtest.Conn, id, text string) {
	_, number, _ := vendorsocket.SplitID([]byte(id))
	if c.Plan().Fault != nil && number > 0 { // our stream meets its fault in the first piece
		if s.wait(c) {
			s.end(c, id)
		}
		return
	}
	times := spelled(text)
	tell := telling(number % 3)
	sent := 0
	whole := c.Voice(id, s.stop).Say(text, func(audio []byte) {
		f := reply{"stream_id": id, "audio": base64.StdEncoding.EncodeToString(audio)}
		sent += len(audio)
		reached := time.Duration(sent/2) * time.Second / 24000
		n := 0
		for n < len(times) && (tell == atFirst || tell == withAudio && times[n].start < reached) {
			n++
		}
		if n > 0 {
			f["timestamps"] = table(times[:n])
			times = times[n:]
		}
		c.Send(f)
	})
	switch {
	case whole && tell == atLast:
		c.Send(reply{"stream_id": id, "timestamps": table(times)})
		fallthrough
	case whole:
		c.Send(reply{"stream_id": id, "audio": "", "audio_end": true})
	case !s.wait(c):
		return
	}
	s.end(c, id)
}

func (s *scripted) end(c *upstreamtest.Conn, id string) {
	close(s.over)
	c.Send(reply{"stream_id": id, "terminated": true})
}

// wait waits until a stream that does not go on is cancelled, and reports false where it never is.
func (s *scripted) wait(c *upstreamtest.Conn) bool {
	select {
	case <-s.stop:
		return true
	case <-c.Over():
		return false
	}
}

// telling is when times are told, which is not known of the vendor.
type telling int

const (
	atFirst telling = iota
	withAudio
	atLast
)

// character is one as it is spoken.
type character struct {
	text       string
	start, end time.Duration
}

// spelled are a text's characters: upstreamtest.Speech has 20 ms for each letter, and nothing for the others.
func spelled(text string) []character {
	var all []character
	at := time.Duration(0)
	for _, r := range text {
		c := character{text: string(r), start: at, end: at}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			c.end += 20 * time.Millisecond
		}
		at = c.end
		all = append(all, c)
	}
	return all
}

// table are times as the vendor tells them.
func table(all []character) timestamps {
	var t timestamps
	for _, c := range all {
		t.Characters = append(t.Characters, c.text)
		t.Starts = append(t.Starts, c.start.Seconds())
		t.Ends = append(t.Ends, c.end.Seconds())
	}
	return t
}
