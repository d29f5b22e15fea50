package minimax

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// speak does what is ordered, until the connection is over.
func (c *connection) speak(ctx context.Context) {
	for ctx.Err() == nil {
		item, speech, wait := c.next(ctx)
		if speech == nil {
			c.rest(ctx, wait)
			continue
		}
		whole := c.do(speech, item)
		canceled := c.settle(item)
		if whole || canceled {
			c.answer(item, canceled)
		}
	}
}

// rest waits for something to do, for so long at most; 0: for as long as it takes.
func (c *connection) rest(ctx context.Context, wait time.Duration) {
	var due <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-c.wake:
	case <-due:
	}
}

// do speaks a job's text, and reports whether it is to be answered.
func (c *connection) do(ctx context.Context, item job) (whole bool) {
	t := item.turn
	if t == nil {
		return true
	}
	t.sender.Send, t.sender.Fail = c.audio, c.fault
	if t.dead {
		return false
	}
	if t.sender.Broken(ctx) {
		return c.broke(t)
	}
	if strings.TrimSpace(item.text) == "" {
		return true // of which nothing is heard, and nothing is charged
	}
	t.sender.Charge(usage(item.text) * charMicros(c.settings.model))
	if c.voice(ctx, t, item.text) {
		return true
	}
	return ctx.Err() == nil && c.broke(t)
}

// broke notes that a turn has met its fault. It reports whether the session lives all the same, without the text.
func (c *connection) broke(t *turn) (lives bool) {
	if t.sender.Fault.Kind == engine.ErrorFrame && skips(codeOf(t.sender.Fault)) {
		t.sender.Fault = engine.Fault{} // it is told
		return true
	}
	t.dead = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finishLocked(t)
	return false
}

// answer says that a job is done.
func (c *connection) answer(item job, canceled bool) {
	switch {
	case item.then == thenFlushed && canceled && !c.quirks.cancelFlush:
	case item.then == thenFlushed:
		c.event("task_flushed", nil)
	case item.then == thenCanceled:
		if c.latest != nil {
			c.latest.sender.SendLate(c.quirks.lateFrames)
			c.latest = nil
		}
		c.event("task_canceled", nil)
	case item.then == thenFinished:
		c.event("task_finished", nil)
		c.close(c.quirks.finishCode)
	}
}

// voice speaks a text, and reports whether that is all of it. A synthesis has one frame with is_final, which is its audio's end;
// sentence_end is that of the sentence. Here each sentence is one synthesis.
func (c *connection) voice(ctx context.Context, t *turn, text string) bool {
	c.sentence(t, "sentence_start")
	spoken, ok := t.sender.Await(ctx, c.generate(ctx, t, text))
	if !ok {
		return false
	}
	raw, err := c.encode(spoken)
	if err != nil {
		c.fail(badParameters)
		return false
	}
	c.latest, c.said = t, synthesis{text: text, spoken: audio.Duration(int64(len(spoken.PCM)), engine.NativeRate), size: len(raw)}
	if c.quirks.emptyFrames && c.bidi { // LiveKit's plugin, which speaks the older socket alone, can't read null
		c.event("task_continued", engine.Object{"data": nil, "is_final": false})
	}
	if !t.sender.Play(ctx, spoken.PCM, raw, c.settings.format.SampleSize(), nil) {
		return false
	}
	if c.quirks.finalAlone || len(raw) == 0 {
		o := engine.Object{"data": nil, "is_final": true, "extra_info": c.extra()}
		if !c.bidi {
			o["data"] = engine.Object{}
		}
		c.event("task_continued", o)
	}
	c.sentence(t, "sentence_end")
	return true
}

// sentence tells of a sentence. The first start may have come with task_started, and the older socket tells of none.
func (c *connection) sentence(t *turn, event string) {
	early := event == "sentence_start" && c.quirks.sentenceEarly && t.trace == c.name+".1" && t.sender.Sent() == 0
	if c.bidi && !early {
		c.event(event, nil)
	}
}

// generate is a text's speech.
func (c *connection) generate(ctx context.Context, t *turn, text string) voice.Spoken {
	seed := c.server.Options().Seed + uint64(t.sender.Sent())
	return join(c.settings.model, text, func(part string) voice.Spoken {
		if !engine.Speakable(part) {
			return voice.Spoken{}
		}
		return c.server.Say(ctx, part, true, seed, c.settings.speed)
	})
}

func (c *connection) encode(spoken voice.Spoken) ([]byte, error) {
	encoder, err := c.settings.format.Encoder()
	if err != nil || len(spoken.PCM) == 0 {
		return nil, err
	}
	return append(encoder.Encode(spoken.PCM), encoder.End()...), nil
}

// audio sends a chunk. Whether the last one has is_final, or a frame without audio that follows it, is not documented.
func (c *connection) audio(raw []byte) {
	c.said.sent += len(raw)
	last := c.said.sent >= c.said.size && !c.quirks.finalAlone
	o := engine.Object{"data": engine.Object{"audio": hex.EncodeToString(raw)}, "is_final": last}
	if last || c.quirks.extra == "every" {
		o["extra_info"] = c.extra()
	}
	c.event("task_continued", o)
}

// extra is what is told of a synthesis, above all the characters that it is charged as.
func (c *connection) extra() engine.Object {
	text := c.said.text
	return engine.Object{
		"audio_length": c.said.spoken.Milliseconds(), "audio_sample_rate": c.settings.format.Rate, "audio_size": c.said.size,
		"audio_format": c.settings.format.Codec, "audio_channel": 1, "bitrate": c.settings.bits,
		"word_count": len(voice.Words(text)), "invisible_character_ratio": float64(hidden(text)) / 100, "usage_characters": usage(text),
	}
}

// fault is the error that a fault asks for. A text that is skipped leaves the session as it is.
func (c *connection) fault(f engine.Fault) {
	if code := codeOf(f); skips(code) {
		c.refuse(c.quirks.skipEvent, code)
	} else {
		c.fail(code)
	}
}
