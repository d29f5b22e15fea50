package kugelaudio

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// request is a request on /ws/tts: the settings and the whole text, or a cancel.
type request struct {
	settings
	Text   string `json:"text"`
	Cancel bool   `json:"cancel"`
}

// single serves /ws/tts: one request at a time, with its whole text.
// Nothing in an answer names its request, so the JavaScript SDK relies on strictly serial answers: frames go to the oldest
// request. What the vendor does with a second request meanwhile is not documented; here it waits.
func (c *connection) single(ctx context.Context) {
	requests := make(chan request, 16) // more than a client that waits for its answers can have under way
	cancels := make(chan struct{}, 1)
	c.wg.Go(func() {
		for r := range requests {
			c.answer(ctx, r, cancels)
		}
	})
	defer close(requests)
	for {
		data, ok := c.read()
		if !ok {
			c.cancel()
			return
		}
		var r request
		switch err := json.Unmarshal(data, &r); {
		case err != nil:
			c.sendError("VALIDATION_ERROR", "Invalid JSON", "")
		case r.Cancel:
			c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{At: time.Now()}) })
			select {
			case cancels <- struct{}{}:
			default: // one is under way
			}
		default:
			requests <- r
		}
	}
}

// answer speaks one request.
// The socket can be used again after final (KugelAudio's docs, Stream); that it can after an error too is an assumption.
func (c *connection) answer(ctx context.Context, r request, cancels <-chan struct{}) {
	switch {
	case r.VoiceID == nil:
		c.sendError("MISSING_VOICE_ID", "", "")
		return
	case !knownVoice(*r.VoiceID):
		c.sendError("NOT_FOUND", "", "")
		return
	case strings.TrimSpace(r.Text) == "":
		c.sendError("VALIDATION_ERROR", "text is required", "")
		return
	case r.fault() != "":
		c.sendError("VALIDATION_ERROR", r.fault(), "")
		return
	}
	fault := c.server.CurrentFault()
	if fault.Kind == engine.ErrorFrame {
		c.sendError(fault.Name, "", "")
		return
	}
	index := c.server.Begin("")
	defer c.server.Finish(index)
	began := time.Now()
	format, _ := r.format()
	select {
	case <-cancels: // of an earlier request, which had ended by then: it must not stop this one
	default:
	}
	spoken := c.server.Say(ctx, r.Text, r.normalizes(), c.server.Options().Seed, r.speed())
	frames, whole := c.sendSingle(ctx, spoken.PCM, format, cancels)
	if !whole {
		if ctx.Err() == nil {
			c.send(engine.Object{"interrupted": true})
		}
		return
	}
	c.sendSingleEnd(r, spoken, frames, time.Since(began))
}

// sendSingle sends a request's audio and reports whether it came to its end.
func (c *connection) sendSingle(ctx context.Context, pcm []int16, format audio.Format, cancels <-chan struct{}) (frames int, whole bool) {
	raw, err := engine.Encode(pcm, format)
	if err != nil {
		return 0, false
	}
	size := int(c.quirks.chunk.Seconds()*float64(format.Rate)) * format.BytesPerSample()
	p := engine.Pacer{Began: time.Now(), Pace: c.server.Options().Pace}
	for len(raw) > 0 {
		n := min(size, len(raw))
		samples := n / format.BytesPerSample()
		if !p.Wait(ctx, audio.Duration(int64(samples), format.Rate)) {
			return frames, false
		}
		select {
		case <-cancels:
			return frames, false
		default:
		}
		c.send(engine.Object{"audio": engine.ToBase64(raw[:n]), "enc": string(format.Encoding), "idx": frames, "sr": format.Rate, "samples": samples})
		raw = raw[n:]
		frames++
	}
	return frames, true
}

// sendSingleEnd sends the word times and the end of a request. final carries the usage here, and rtf is gen_ms by dur_ms. A
// cancelled request has interrupted in its place, and tells no usage.
func (c *connection) sendSingleEnd(r request, spoken voice.Spoken, frames int, took time.Duration) {
	k := &speechContext{conn: &c.line, turn: true, fault: c.server.CurrentFault(), settings: r.settings, samples: int64(len(spoken.PCM)), characters: len([]rune(r.Text))}
	k.sendWords(spoken, r.Text, noChunk)
	length := float64(len(spoken.PCM)) / engine.NativeRate * 1000
	gen := float64(took.Milliseconds())
	c.send(engine.Object{
		"final": true, "chunks": frames, "total_samples": len(spoken.PCM), "dur_ms": math.Round(length),
		"gen_ms": gen, "rtf": gen / max(1, length), "usage": k.usage(),
	})
}
