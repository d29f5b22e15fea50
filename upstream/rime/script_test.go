package rime

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"

	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// reply is a frame to the adapter.
type reply map[string]any

// scripted is a context of v1's script.
type scripted struct {
	stop  chan struct{}
	begun chan struct{} // closed with the first audio, or the end
	ended chan struct{} // closed once nothing more is said of it
	done  bool          // has been said; valid once ended
}

// scriptV1 plays the vendor by v1: contexts side by side, though none begins before the one that came before it.
func scriptV1(c *upstreamtest.Conn) {
	before := make(chan struct{})
	close(before)
	c.Send(reply{"ready": reply{"protocol": 1, "languages": []string{"en", "es"}, "defaultLanguage": "en"}})
	contexts := map[string]*scripted{}
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var o order
		err := json.Unmarshal(data, &o)
		k := contexts[o.ContextID]
		switch {
		case err != nil || o.ContextID == "" || (o.Start == nil) == (o.Cancel == nil):
			c.Send(reply{"error": reply{"kind": "invalid_input", "message": "no message"}})
		case o.Cancel != nil:
			name, _, _ := vendorsocket.SplitID([]byte(o.ContextID))
			c.Stopped(string(name))
			if k == nil || c.Plan().Deaf {
				continue
			}
			delete(contexts, o.ContextID)
			close(k.stop)
			if <-k.ended; !k.done {
				c.Send(reply{"contextId": o.ContextID, "cancelled": reply{}})
			}
		case k != nil || o.Start.Text == "" || o.Start.AudioParameters.AudioFormat != "audio/pcm" || !o.Start.Timestamps.Enable:
			c.Send(reply{"contextId": o.ContextID, "error": reply{"kind": "invalid_input", "message": "bad start"}})
		default:
			k = &scripted{stop: make(chan struct{}), begun: make(chan struct{}), ended: make(chan struct{})}
			contexts[o.ContextID] = k
			after := before
			before = k.begun
			c.Go(func() { k.speak(c, o, after) })
		}
	}
}

// speak speaks a context, once another one has begun.
func (k *scripted) speak(c *upstreamtest.Conn, o order, after <-chan struct{}) {
	begin := sync.OnceFunc(func() { close(k.begun) })
	defer close(k.ended)
	defer begin()
	<-after
	c.Send(reply{"contextId": o.ContextID, "started": reply{"requestId": "request-" + o.ContextID}})
	whole := c.Voice(o.ContextID, k.stop).Say(o.Start.Text, func(audio []byte) {
		c.Send(reply{"contextId": o.ContextID, "audio": base64.StdEncoding.EncodeToString(audio)})
		begin()
	})
	if !whole {
		return
	}
	var spans []reply
	for _, w := range upstreamtest.Words(o.Start.Text) {
		spans = append(spans, reply{"text": w.Text, "start": fmt.Sprintf("%.3fs", w.Start.Seconds()), "end": fmt.Sprintf("%.3fs", w.End.Seconds())})
	}
	k.done = true
	c.Send(reply{"contextId": o.ContextID, "done": reply{"timestamps": reply{"status": reply{}, "spans": spans}}})
}

// scriptWS3 plays the vendor by ws3: one text after another.
func scriptWS3(c *upstreamtest.Conn) {
	if q := c.Request.URL.Query(); q.Get("segment") != "never" || q.Get("audioFormat") != "pcm" || q.Get("samplingRate") != "24000" {
		c.Send(reply{"type": "error", "message": "bad address"})
		return
	}
	jobs := make(chan utterance, 256)
	defer close(jobs)
	c.Go(func() {
		voice := c.Voice("", nil)
		for u := range jobs {
			if !sayWS3(c, voice, u) {
				return
			}
		}
	})
	var kept utterance
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var u utterance
		switch err := json.Unmarshal(data, &u); {
		case err != nil || (u.Text == "") == (u.Operation == ""):
			c.Send(reply{"type": "error", "message": "no message"})
		case u.Operation == operationFlush:
			jobs <- kept
			kept = utterance{}
		default:
			kept = utterance{Text: kept.Text + u.Text, ContextID: u.ContextID}
		}
	}
}

// sayWS3 speaks what was flushed, its word times between its chunks and after them.
func sayWS3(c *upstreamtest.Conn, voice *upstreamtest.Voice, u utterance) (whole bool) {
	words := upstreamtest.Words(u.Text)
	tell := func(from, to int) {
		w := wordTimestamps{Words: []string{}, Start: []float64{}, End: []float64{}}
		for _, word := range words[from:to] {
			w.Words = append(w.Words, word.Text)
			w.Start = append(w.Start, word.Start.Seconds())
			w.End = append(w.End, word.End.Seconds())
		}
		c.Send(reply{"type": "timestamps", "contextId": u.ContextID, "word_timestamps": w})
	}
	chunks, told := 0, 0
	whole = voice.Say(u.Text, func(audio []byte) {
		if chunks++; chunks == 2 {
			told = len(words) / 2
			tell(0, told)
		}
		c.Send(reply{"type": "chunk", "data": base64.StdEncoding.EncodeToString(audio), "contextId": u.ContextID})
	})
	if whole {
		tell(told, len(words))
		c.Send(reply{"type": "done", "contextId": u.ContextID})
	}
	return whole
}
