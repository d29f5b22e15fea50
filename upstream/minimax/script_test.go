package minimax

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"sync"

	"voicerelay/upstream/upstreamtest"
)

// reply is a frame to the adapter.
type reply map[string]any

// says is a frame of the vendor's, with what all frames have.
func says(event string, more reply, code int) reply {
	r := reply{
		"event": event, "session_id": "connect-1", "connect_id": "connect-1", "trace_id": "trace-1",
		"base_resp": reply{"status_code": code, "status_msg": "secret vendor text"},
	}
	maps.Copy(r, more)
	return r
}

// audioOf is a frame with audio.
func audioOf(audio []byte) reply {
	return says(eventAudio, reply{"data": reply{"audio": hex.EncodeToString(audio), "status": 1}, "is_final": false}, 0)
}

// message is any message from the adapter.
type message struct {
	Event string `json:"event"`
	Text  string `json:"text"`
}

func read(data []byte) (m message) {
	if err := json.Unmarshal(data, &m); err != nil {
		panic(err) // the adapter's mistake
	}
	return m
}

// greet starts the session. A sentence may be said to begin before the task has.
func greet(c *upstreamtest.Conn) bool {
	c.Send(says(eventConnected, nil, 0))
	data, ok := c.Next()
	if !ok {
		return false
	}
	if read(data).Event != eventStart {
		panic("no task_start")
	}
	c.Send(says("sentence_start", nil, 0))
	c.Send(says(eventStarted, nil, 0))
	return true
}

// scripted is a session of the scripted vendor, which speaks what it is sent one after another.
type scripted struct {
	c     *upstreamtest.Conn
	texts chan string

	mu   sync.Mutex // guards what follows, and is held while something is sent, so that nothing comes of what was canceled
	stop chan struct{}
}

// script plays the vendor.
func script(c *upstreamtest.Conn) {
	if !greet(c) {
		return
	}
	s := &scripted{c: c, texts: make(chan string, 128), stop: make(chan struct{})}
	c.Go(s.run)
	var buffer string
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		switch m := read(data); m.Event {
		case eventContinue:
			buffer += m.Text
		case eventFlush:
			s.texts <- buffer
			buffer = ""
		case eventCancel:
			buffer = ""
			s.cancel()
		}
	}
}

// cancel drops all that is not spoken, and stops what is.
func (s *scripted) cancel() {
	s.c.Stopped("")
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.stop)
	s.stop = make(chan struct{})
	for len(s.texts) > 0 {
		<-s.texts
	}
	if !s.c.Plan().Deaf {
		s.c.Send(says(eventCanceled, nil, 0))
	}
}

// run speaks until the socket is closed. Each session has a voice of its own.
func (s *scripted) run() {
	var voice *upstreamtest.Voice
	var of chan struct{}
	for {
		var text string
		select {
		case text = <-s.texts:
		case <-s.c.Over():
			return
		}
		s.mu.Lock()
		stop := s.stop
		s.mu.Unlock()
		if stop != of {
			voice, of = s.c.Voice("", stop), stop
		}
		s.send(stop, says("sentence_start", nil, 0))
		whole := voice.Say(text, func(audio []byte) { s.send(stop, audioOf(audio)) })
		if !whole {
			continue
		}
		info := reply{"audio_length": 1, "audio_sample_rate": 24000, "usage_characters": len(text)}
		s.send(stop, says(eventAudio, reply{"data": nil, "is_final": true, "extra_info": info}, 0))
		s.send(stop, says("sentence_end", nil, 0))
		s.send(stop, says(eventFlushed, nil, 0))
	}
}

// send sends a frame of a session that has not been canceled.
func (s *scripted) send(stop chan struct{}, r reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stop == s.stop {
		s.c.Send(r)
	}
}
