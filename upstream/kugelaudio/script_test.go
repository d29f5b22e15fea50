package kugelaudio

import (
	"encoding/base64"
	"encoding/json"
	"sync"

	"voicerelay/upstream/upstreamtest"
)

// order is any frame from the adapter, as a vendor reads it.
type order struct {
	Text          *string        `json:"text"`
	ContextID     string         `json:"context_id"`
	VoiceSettings map[string]any `json:"voice_settings"`
	Flush         bool           `json:"flush"`
	CloseContext  bool           `json:"close_context"`
	Immediate     bool           `json:"immediate"`
}

// reply is a frame to the adapter.
type reply map[string]any

// scripted is one context at the scripted vendor.
type scripted struct {
	c      *upstreamtest.Conn
	id     string
	orders chan order
	stop   chan struct{}
	voice  *upstreamtest.Voice
	chunk  int
	bytes  int
}

// script plays the vendor: contexts side by side, one piece of each at a time.
func script(c *upstreamtest.Conn) {
	contexts := map[string]*scripted{}
	var mu sync.Mutex // of nothing but the order of a stop and its confirmation
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var o order
		if err := json.Unmarshal(data, &o); err != nil {
			c.Send(reply{"error": "bad JSON", "error_code": "VALIDATION_ERROR", "code": 400})
			continue
		}
		s := contexts[o.ContextID]
		switch {
		case o.CloseContext && o.Immediate:
			c.Stopped(o.ContextID)
			if s == nil || c.Plan().Deaf {
				continue
			}
			mu.Lock()
			close(s.stop)
			delete(contexts, o.ContextID)
			c.Send(reply{"context_closed": true, "context_id": o.ContextID, "usage": s.usage()})
			mu.Unlock()
		case s == nil && (o.Text == nil || *o.Text == ""):
			// a keep-alive or close of what is no context
		case s == nil && o.VoiceSettings["voice_id"] == nil:
			c.Send(reply{"error": "voice_id is required", "error_code": "MISSING_VOICE_ID", "code": 400, "context_id": o.ContextID})
		case s == nil:
			contexts[o.ContextID] = newScripted(c, o)
		default:
			s.orders <- o
		}
	}
}

func newScripted(c *upstreamtest.Conn, first order) *scripted {
	s := &scripted{c: c, id: first.ContextID, orders: make(chan order, 64), stop: make(chan struct{})}
	s.voice = c.Voice(s.id, s.stop)
	c.Send(reply{"context_created": true, "context_id": s.id})
	s.orders <- first
	c.Go(s.run)
	return s
}

// run speaks what is flushed until the context is closed.
func (s *scripted) run() {
	for {
		var o order
		select {
		case o = <-s.orders:
		case <-s.stop:
			return
		case <-s.c.Over():
			return
		}
		if o.Text != nil && *o.Text != "" && !s.say(*o.Text) {
			return
		}
		if o.Flush || o.CloseContext {
			s.c.Send(reply{"final": true, "context_id": s.id})
		}
		if o.CloseContext {
			s.c.Send(reply{"context_closed": true, "context_id": s.id, "usage": s.usage()})
			return
		}
	}
}

// say speaks a text as one chunk, word times last.
func (s *scripted) say(text string) bool {
	s.c.Send(reply{"generation_started": true, "context_id": s.id, "chunk_id": s.chunk, "text": text})
	idx := 0
	whole := s.voice.Say(text, func(audio []byte) {
		s.bytes += len(audio)
		s.c.Send(reply{
			"audio": base64.StdEncoding.EncodeToString(audio), "enc": "pcm_s16le", "context_id": s.id,
			"idx": idx, "sr": 24000, "samples": len(audio) / 2, "chunk_id": s.chunk,
		})
		idx++
	})
	if !whole {
		return false
	}
	var times []reply
	for _, w := range upstreamtest.Words(text) {
		times = append(times, reply{"word": w.Text, "start_ms": w.Start.Milliseconds(), "end_ms": w.End.Milliseconds(), "score": 1.0})
	}
	s.c.Send(reply{"word_timestamps": times, "context_id": s.id, "chunk_id": s.chunk})
	s.c.Send(reply{"chunk_complete": true, "context_id": s.id, "chunk_id": s.chunk, "audio_seconds": 1, "gen_ms": 1})
	s.chunk++
	return true
}

func (s *scripted) usage() reply {
	return reply{"audio_seconds": 2.6, "characters": 43, "cost_cents": json.Number("0.2340"), "currency": "eur", "model_id": "kugel-3.5"}
}
