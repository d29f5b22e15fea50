package deepgram

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"voicerelay/upstream/upstreamtest"
)

// reply is a text frame to the adapter.
type reply map[string]any

// vendorScript plays the vendor: one text after another, whatever comes meanwhile.
type vendorScript struct {
	opening reply
	stop    string // the type of the order to stop
	stopped reply  // answers that
	// began and ended stand before and after the audio of a Flush, which is the number's.
	began, ended func(n int, text string) []reply
}

func auraScript(c *upstreamtest.Conn) {
	(&vendorScript{
		opening: reply{"type": "Metadata", "request_id": "r", "model_name": "aura-2-thalia-en", "model_version": "1", "model_uuid": "u"},
		stop:    typeClear,
		stopped: reply{"type": "Cleared", "sequence_id": 0},
		began:   func(int, string) []reply { return nil },
		ended:   func(n int, _ string) []reply { return []reply{{"type": "Flushed", "sequence_id": n}} },
	}).play(c)
}

// fluxScript says that it has got a Flush now before the audio and now after it, which makes no difference.
func fluxScript(c *upstreamtest.Conn) {
	speech := func(n int) string { return fmt.Sprint("dg_sp_", n) }
	flushed := func(n int) reply { return reply{"type": "Flushed", "speech_id": speech(n)} }
	(&vendorScript{
		opening: reply{"type": "Connected", "request_id": "r", "model_name": "flux-alexis-en", "model_version": "1", "model_uuids": []string{"u"}},
		stop:    typeInterrupt,
		stopped: reply{"type": "SpeechInterrupted", "audio_played_ms": 20, "metadata": reply{"speech_id": "s", "billable_character_count": 3}},
		began: func(n int, _ string) []reply {
			started := reply{"type": "SpeechStarted", "speech_id": speech(n)}
			if n%2 == 0 {
				return []reply{flushed(n), started}
			}
			return []reply{started}
		},
		ended: func(n int, text string) []reply {
			characters := utf8.RuneCountInString(text)
			end := reply{
				"type": "SpeechMetadata", "speech_id": speech(n), "audio_duration_ms": 1, "input_character_count": characters,
				"billable_character_count": characters, "controls_applied": reply{"breaks_applied": 0},
			}
			if n%2 == 0 {
				return []reply{end}
			}
			return []reply{end, flushed(n)}
		},
	}).play(c)
}

func (v *vendorScript) play(c *upstreamtest.Conn) {
	c.Send(v.opening)
	jobs := make(chan message, 64)
	stop := make(chan struct{})
	c.Go(func() { v.speak(c, jobs, stop) })
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
		case m.Type == typeSpeak, m.Type == typeFlush:
			jobs <- m
		case m.Type != v.stop:
			c.Send(reply{"type": "Error", "code": "MESSAGE-0000"})
		default:
			c.Stopped("")
			if !c.Plan().Deaf && !stopped {
				stopped = true
				close(stop)
				c.Send(v.stopped)
			}
		}
	}
}

// speak says texts once they are flushed.
func (v *vendorScript) speak(c *upstreamtest.Conn, jobs <-chan message, stop <-chan struct{}) {
	voice := c.Voice("", stop)
	var texts []string
	flushes := 0
	for m := range jobs {
		if m.Type == typeSpeak {
			texts = append(texts, m.Text)
			continue
		}
		all := ""
		for _, text := range texts {
			all += text
		}
		v.send(c, v.began(flushes, all))
		for _, text := range texts {
			if !voice.Say(text, c.SendBinary) {
				return
			}
		}
		texts = nil
		v.send(c, v.ended(flushes, all))
		flushes++
	}
}

func (v *vendorScript) send(c *upstreamtest.Conn, frames []reply) {
	for _, f := range frames {
		c.Send(f)
	}
}
