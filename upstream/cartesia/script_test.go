package cartesia

import (
	"encoding/base64"
	"encoding/json"

	"voicerelay/upstream/upstreamtest"
)

// reply is a frame to the adapter.
type reply map[string]any

// order is any message from the adapter.
type order struct {
	request
	Cancel bool `json:"cancel"`
}

// script plays the vendor: contexts side by side, and a done behind a cancel.
func script(c *upstreamtest.Conn) {
	stops := map[string]chan struct{}{}
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
		stop := stops[o.ContextID]
		switch {
		case o.Cancel:
			name, _, _ := parseID([]byte(o.ContextID))
			c.Stopped(string(name))
			if stop != nil && !c.Plan().Deaf {
				close(stop)
				delete(stops, o.ContextID)
				c.Send(reply{"type": "done", "context_id": o.ContextID, "done": true, "status_code": 206})
			}
		case stop != nil || o.Continue || o.OutputFormat.Container != "raw" || o.Voice.Mode != "id" || !o.AddTimestamps:
			c.Send(reply{"type": "error", "context_id": o.ContextID, "status_code": 400, "done": true})
		default:
			stop = make(chan struct{})
			stops[o.ContextID] = stop
			c.Go(func() { generate(c, o, stop) })
		}
	}
}

// generate speaks a context, its word times between its chunks and behind them, tags among them.
func generate(c *upstreamtest.Conn, o order, stop <-chan struct{}) {
	id := o.ContextID
	words := upstreamtest.Words(o.Transcript)
	tell := func(from, to int) {
		w := wordTimestamps{Words: []string{"<spell>"}, Start: []float64{0}, End: []float64{0}}
		for _, word := range words[from:to] {
			w.Words = append(w.Words, word.Text)
			w.Start = append(w.Start, word.Start.Seconds())
			w.End = append(w.End, word.End.Seconds())
		}
		c.Send(reply{"type": "timestamps", "context_id": id, "done": false, "status_code": 206, "word_timestamps": w})
	}
	chunks, step := 0, 0
	whole := c.Voice(id, stop).Say(o.Transcript, func(audio []byte) {
		if chunks++; chunks == 2 {
			step = len(words) / 2
			tell(0, step)
		}
		c.Send(reply{
			"type": "chunk", "context_id": id, "data": base64.StdEncoding.EncodeToString(audio),
			"done": false, "status_code": 206, "step_time": 12.5,
		})
	})
	if whole {
		tell(step, len(words))
		c.Send(reply{"type": "flush_done", "context_id": id, "flush_done": true, "flush_id": 1, "done": false, "status_code": 206})
		c.Send(reply{"type": "done", "context_id": id, "done": true, "status_code": 206})
	}
}
