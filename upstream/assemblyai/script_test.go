package assemblyai

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"voicerelay/upstream/upstreamtest"
)

// reply is a frame to the adapter.
type reply map[string]any

// habits are what the vendor's documentation leaves to it.
type habits struct {
	lateWords bool // a request's words come after the next one's first audio
	wordless  bool // Begin says that there are none
}

// session is a script's.
type session struct {
	habits
	c    *upstreamtest.Conn
	text string // not flushed
	next int    // number of the next request
	at   time.Duration

	jobs  chan job
	stop  chan struct{} // closed by a Cancel
	ended chan struct{} // closed by speak
}

// job is a request. The last one tells the end.
type job struct {
	number int
	text   string
}

// script plays the vendor: one request after another.
func script(h habits) func(*upstreamtest.Conn) {
	return func(c *upstreamtest.Conn) {
		c.Send(reply{"type": "Begin", "id": "session-1", "expires_at": 1796000000, "configuration": reply{
			"word_boundaries": !h.wordless, "session_ttl_sec": 3600, "limits": reply{"max_generate_text_length": 2000},
		}})
		s := &session{habits: h, c: c}
		s.begin()
		for {
			data, ok := c.Next()
			if !ok {
				close(s.jobs)
				return
			}
			s.take(data)
		}
	}
}

// begin has requests spoken from here on.
func (s *session) begin() {
	s.jobs, s.stop, s.ended = make(chan job, 256), make(chan struct{}), make(chan struct{})
	jobs, stop, ended := s.jobs, s.stop, s.ended
	s.c.Go(func() {
		defer close(ended)
		s.speak(jobs, stop)
	})
}

func (s *session) take(data []byte) {
	var m message
	switch err := json.Unmarshal(data, &m); {
	case err != nil, m.Type == typeGenerate && m.Text == "":
		s.c.Send(reply{"type": "Error", "error_code": 3006, "error": "no message"})
		s.c.Close(3006)
	case m.Type == typeGenerate:
		s.text += m.Text
	case m.Type == typeFlush:
		s.jobs <- job{s.next, s.text}
		s.text = ""
		s.next++
	case m.Type == typeCancel:
		s.c.Stopped("")
		if s.c.Plan().Deaf {
			return
		}
		close(s.stop)
		<-s.ended
		s.next++ // the Cancel's own
		s.c.Send(reply{"type": "Cancelled", "audio_duration_seconds": 0.5})
		s.begin()
	}
}

// speak says requests until it is stopped.
func (s *session) speak(jobs <-chan job, stop <-chan struct{}) {
	voice := s.c.Voice("", stop)
	tell := func() {}
	for {
		var j job
		var ok bool
		select {
		case <-stop:
			return
		case j, ok = <-jobs:
			if !ok {
				return
			}
		case <-time.After(200 * time.Millisecond): // no other request, so the words are not to wait
			tell()
			tell = func() {}
			if j, ok = next(jobs, stop); !ok {
				return
			}
		}
		late := tell
		if !voice.Say(j.text, func(audio []byte) {
			s.c.Send(reply{"type": "Audio", "flush_id": j.number, "audio": base64.StdEncoding.EncodeToString(audio)})
			late()
			late = func() {}
		}) {
			return
		}
		audio := time.Duration(len(upstreamtest.Speech(j.text))/2) * time.Second / 24000
		s.c.Send(reply{"type": "FlushDone", "flush_id": j.number, "audio_duration_ms": audio.Milliseconds()})
		tell = s.words(j)
		if !s.lateWords {
			tell()
			tell = func() {}
		}
		s.at += audio
	}
}

// next is the next request; false where there will be none.
func next(jobs <-chan job, stop <-chan struct{}) (j job, ok bool) {
	select {
	case <-stop:
		return j, false
	case j, ok = <-jobs:
		return j, ok
	}
}

// words tells a request's, whose audio began at s.at.
func (s *session) words(j job) (tell func()) {
	if s.wordless {
		return func() {}
	}
	from := float64(s.at) / float64(time.Millisecond)
	var words []reply
	for _, w := range upstreamtest.Words(j.text) {
		words = append(words, reply{
			"word": w.Text, "start": from + float64(w.Start.Milliseconds()), "end": from + float64(w.End.Milliseconds()), "confidence": 0.9,
		})
	}
	return func() {
		s.c.Send(reply{"type": "WordBoundaries", "flush_id": j.number, "audio_start_ms": from, "words": words})
	}
}
