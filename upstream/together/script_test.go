package together

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"voicerelay/upstream/upstreamtest"
)

// order is any frame from the adapter, as a vendor reads it.
type order struct {
	Type      string `json:"type"`
	Text      string `json:"text"`
	ContextID string `json:"context_id"`
}

// reply is a frame to the adapter.
type reply map[string]any

// habits are what the vendor's documentation leaves open.
type habits struct {
	echo  bool // what is sent of a context names it
	clock bool // word times count from the context's first sample
}

// scripted is one socket at the scripted vendor.
type scripted struct {
	habits
	c     *upstreamtest.Conn
	items atomic.Int64
}

// speaker is one context.
type speaker struct {
	*scripted
	id     string
	texts  chan string
	stop   chan struct{}
	voice  *upstreamtest.Voice
	buffer string
	at     float64 // seconds spoken
}

// script plays the vendor: contexts side by side, the commits of each one after another.
func script(h habits) func(*upstreamtest.Conn) {
	return func(c *upstreamtest.Conn) {
		v := &scripted{habits: h, c: c}
		c.Send(reply{"type": "session.created", "event_id": "e1", "session": reply{"id": "s1", "object": "realtime.tts.session"}})
		contexts := map[string]*speaker{}
		for {
			data, ok := c.Next()
			if !ok {
				return
			}
			var o order
			if err := json.Unmarshal(data, &o); err != nil {
				c.Send(reply{"type": "error", "message": "bad JSON"})
				continue
			}
			if o.Type == typeCancel {
				v.cancel(contexts, o.ContextID)
				continue
			}
			s := contexts[o.ContextID]
			if s == nil {
				s = v.speaker(o.ContextID)
				contexts[o.ContextID] = s
			}
			s.take(o)
		}
	}
}

func (v *scripted) cancel(contexts map[string]*speaker, id string) {
	v.c.Stopped(id)
	if v.c.Plan().Deaf {
		return
	}
	if s := contexts[id]; s != nil {
		close(s.stop)
		delete(contexts, id)
	}
	v.c.Send(reply{"type": typeCancelled, "context_id": id})
}

func (v *scripted) speaker(id string) *speaker {
	s := &speaker{scripted: v, id: id, texts: make(chan string, 64), stop: make(chan struct{})}
	s.voice = v.c.Voice(id, s.stop)
	v.c.Go(s.run)
	return s
}

func (s *speaker) take(o order) {
	switch o.Type {
	case typeAppend:
		s.buffer += o.Text
		s.c.Send(reply{"type": "conversation.item.input_text.received", "text": o.Text})
	case typeCommit:
		s.texts <- s.buffer
		s.buffer = ""
	}
}

// run speaks what is committed.
func (s *speaker) run() {
	for {
		select {
		case text := <-s.texts:
			if !s.say(text) {
				return
			}
		case <-s.stop:
			return
		case <-s.c.Over():
			return
		}
	}
}

// say speaks a text as one item, word times last.
func (s *speaker) say(text string) bool {
	item := fmt.Sprintf("tts_%d", s.items.Add(1))
	whole := s.voice.Say(text, func(audio []byte) {
		s.send(reply{"type": typeDelta, "item_id": item, "delta": base64.StdEncoding.EncodeToString(audio)})
	})
	if !whole {
		return false
	}
	words, starts, ends := []string{}, []float64{}, []float64{}
	origin := 0.0
	if s.clock {
		origin = s.at
	}
	for _, w := range upstreamtest.Words(text) {
		words, starts, ends = append(words, w.Text), append(starts, origin+w.Start.Seconds()), append(ends, origin+w.End.Seconds())
	}
	s.at += float64(len(upstreamtest.Speech(text))) / 2 / 24000
	s.send(reply{"type": typeWords, "item_id": item, "words": words, "start_seconds": starts, "end_seconds": ends})
	s.send(reply{"type": typeDone, "item_id": item})
	return true
}

// send sends what is of the context.
func (s *speaker) send(f reply) {
	if s.echo {
		f["context_id"] = s.id
	}
	s.c.Send(f)
}
