package cartesia

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// reply is a frame to the adapter.
type reply map[string]any

// order is any message from the adapter.
type order struct {
	request
	Cancel bool `json:"cancel"`
}

// script plays the vendor: contexts side by side, and a done after a cancel.
func script(c *upstreamtest.Conn) {
	contexts := map[string]*scripted{}
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var o order
		if err := json.Unmarshal(data, &o); err != nil || o.ContextID == "" {
			c.Send(reply{"type": "error", "error_code": "invalid", "status_code": 400, "done": true})
			continue
		}
		k := contexts[o.ContextID]
		switch {
		case o.Cancel:
			name, _, _ := vendorsocket.SplitID([]byte(o.ContextID))
			c.Stopped(string(name))
			if k != nil && !k.stopped && !c.Plan().Deaf {
				k.stopped = true
				close(k.stop)
				c.Send(reply{"type": "done", "context_id": o.ContextID, "done": true, "status_code": 206})
			}
			continue
		case o.OutputFormat.Container != "raw" || o.Voice.Mode != "id" || !o.AddTimestamps || o.Flush && !o.Continue:
			c.Send(reply{"type": "error", "context_id": o.ContextID, "status_code": 400, "done": true})
			continue
		case k == nil:
			k = &scripted{id: o.ContextID, orders: make(chan order, 256), stop: make(chan struct{})}
			contexts[o.ContextID] = k
			c.Go(func() { k.generate(c) })
		}
		k.orders <- o
	}
}

// scripted is a context of the script.
type scripted struct {
	id      string
	orders  chan order
	stop    chan struct{}
	stopped bool // owned by the script

	// Owned by generate.
	at      time.Duration // audio so far
	flushes int
}

// generate speaks a context's transcripts.
func (k *scripted) generate(c *upstreamtest.Conn) {
	voice := c.Voice(k.id, k.stop)
	for {
		select {
		case <-k.stop:
			return
		case <-c.Over():
			return
		case o := <-k.orders:
			if o.Transcript != "" && !k.say(c, voice, o.Transcript) {
				return
			}
			if o.Flush {
				k.flushes++
				c.Send(reply{"type": "flush_done", "context_id": k.id, "flush_done": true, "flush_id": k.flushes, "done": false, "status_code": 206})
			}
			if !o.Continue {
				c.Send(reply{"type": "done", "context_id": k.id, "done": true, "status_code": 206})
				return
			}
		}
	}
}

// say speaks a transcript, its word times between its chunks and after them, tags among them: in seconds of the context.
func (k *scripted) say(c *upstreamtest.Conn, voice *upstreamtest.Voice, transcript string) (whole bool) {
	words := upstreamtest.Words(transcript)
	tell := func(from, to int) {
		w := wordTimestamps{Words: []string{"<spell>"}, Start: []float64{0}, End: []float64{0}}
		for _, word := range words[from:to] {
			w.Words = append(w.Words, word.Text)
			w.Start = append(w.Start, (k.at + word.Start).Seconds())
			w.End = append(w.End, (k.at + word.End).Seconds())
		}
		c.Send(reply{"type": "timestamps", "context_id": k.id, "done": false, "status_code": 206, "word_timestamps": w})
	}
	chunks, step := 0, 0
	whole = voice.Say(transcript, func(audio []byte) {
		if chunks++; chunks == 2 {
			step = len(words) / 2
			tell(0, step)
		}
		c.Send(reply{
			"type": "chunk", "context_id": k.id, "data": base64.StdEncoding.EncodeToString(audio),
			"done": false, "status_code": 206, "step_time": 12.5,
		})
	})
	if whole {
		tell(step, len(words))
		k.at += words[len(words)-1].End
	}
	return whole
}
