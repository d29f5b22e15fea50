package vogent

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"

	"voicerelay/upstream/upstreamtest"
)

// reply is a frame to the adapter.
type reply map[string]any

// script plays the vendor: all generations side by side, so that a stream's pieces come mixed up.
func script(c *upstreamtest.Conn) {
	stops := map[string]chan struct{}{}
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var in input
		if err := json.Unmarshal(data, &in); err != nil || in.VoiceID == "" || in.Cancel == in.FinalText {
			c.Send(reply{"type": "error", "generationId": in.GenerationID, "error": "invalid message"})
			continue
		}
		stop := stops[in.GenerationID]
		switch {
		case in.Cancel:
			c.Stopped(streamOf(in.GenerationID))
			if stop != nil && !c.Plan().Deaf {
				close(stop)
				delete(stops, in.GenerationID)
			}
		case stop != nil:
			c.Send(reply{"type": "error", "generationId": in.GenerationID, "error": "generationId was used before"})
		default:
			stop = make(chan struct{})
			stops[in.GenerationID] = stop
			c.Go(func() { generate(c, in, stop) })
		}
	}
}

// streamOf is the adapter's stream of a generation, by the form that ids are to have.
func streamOf(id string) string {
	parts := strings.Split(id, ".")
	return strings.Join(parts[:max(len(parts)-2, 0)], ".")
}

// generate speaks a generation, its word times in two parts: the first before all audio, the second after it.
func generate(c *upstreamtest.Conn, in input, stop <-chan struct{}) {
	id := in.GenerationID
	if c.Plan().Fault != nil && !strings.HasSuffix(id, ".0") {
		return // the stream meets its fault in the first piece
	}
	words := upstreamtest.Words(in.Text)
	var early sync.Once
	tell := func(from, to int) {
		times := []reply{}
		for _, w := range words[from:to] {
			times = append(times, reply{"word": w.Text, "start": w.Start.Seconds(), "end": w.End.Seconds()})
		}
		if in.AddWordTimestamps {
			c.Send(reply{"type": "timestamp", "generationId": id, "timestamps": times})
		}
	}
	whole := c.Voice(id, stop).Say(in.Text, func(audio []byte) {
		early.Do(func() { tell(0, len(words)/2) })
		c.Send(reply{"type": "chunk", "generationId": id, "audio": base64.StdEncoding.EncodeToString(audio)})
	})
	if whole {
		tell(len(words)/2, len(words))
		c.Send(reply{"type": "finished", "generationId": id})
	}
}
