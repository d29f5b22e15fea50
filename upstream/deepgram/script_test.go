package deepgram

import (
	"encoding/json"

	"voicerelay/upstream/upstreamtest"
)

// reply is a text frame to the adapter.
type reply map[string]any

// script plays the vendor: one text after another, whatever comes meanwhile.
func script(c *upstreamtest.Conn) {
	c.Send(reply{"type": "Metadata", "request_id": "r", "model_name": "aura-2-thalia-en", "model_version": "1", "model_uuid": "u"})
	jobs := make(chan message, 64)
	stop := make(chan struct{})
	c.Go(func() { speak(c, jobs, stop) })
	defer close(jobs)
	stopped := false
	for {
		data, ok := c.Next()
		if !ok {
			return
		}
		var m message
		switch err := json.Unmarshal(data, &m); {
		case err != nil || m.Type == typeSpeak && m.Text == "":
			c.Send(reply{"type": "Error", "code": "MESSAGE-0000"})
		case m.Type != typeClear:
			jobs <- m
		default:
			c.Stopped("")
			if !c.Plan().Deaf && !stopped {
				stopped = true
				close(stop)
				c.Send(reply{"type": "Cleared", "sequence_id": 0})
			}
		}
	}
}

// speak says texts once they are flushed.
func speak(c *upstreamtest.Conn, jobs <-chan message, stop <-chan struct{}) {
	voice := c.Voice("", stop)
	var texts []string
	flushes := 0
	for m := range jobs {
		if m.Type == typeSpeak {
			texts = append(texts, m.Text)
			continue
		}
		for _, text := range texts {
			if !voice.Say(text, c.SendBinary) {
				return
			}
		}
		texts = nil
		c.Send(reply{"type": "Flushed", "sequence_id": flushes})
		flushes++
	}
}
