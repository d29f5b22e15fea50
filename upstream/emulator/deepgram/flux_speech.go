package deepgram

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// speak does what is ordered, until the connection is over.
func (c *fluxConnection) speak(ctx context.Context) {
	for ctx.Err() == nil {
		j, halted, ok := c.next(ctx)
		if !ok {
			select {
			case <-ctx.Done():
			case <-c.wake:
			}
			continue
		}
		done := c.do(halted, j)
		switch {
		case ctx.Err() != nil:
			return
		case !done && halted.Err() == nil:
			c.give(j.speech)
		case !c.answer(j):
			return
		}
	}
}

// next takes a job, with a context that an Interrupt ends.
func (c *fluxConnection) next(ctx context.Context) (j fluxJob, halted context.Context, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return j, nil, false
	}
	j, c.queue = c.queue[0], c.queue[1:]
	halted, c.halt = context.WithCancel(ctx)
	c.settings.speed = c.speed
	return j, halted, true
}

// do speaks a job's text, and reports whether nothing went wrong.
func (c *fluxConnection) do(ctx context.Context, j fluxJob) bool {
	s := j.speech
	if s == nil || s.dead || j.then == thenInterrupted {
		return true
	}
	if !s.begun {
		s.begun, s.start = true, c.length
	}
	c.spoken = s
	if c.broken(ctx, s.turn) {
		return false
	}
	text := j.text
	if !c.quirks.billsSpace {
		text = strings.TrimSpace(text)
	}
	characters := utf8.RuneCountInString(text)
	s.billed += characters
	c.server.Stream(s.index, func(st *engine.Stream) { st.Charge += int64(characters) * charMicros })
	done := !engine.Speakable(j.text) || c.voice(ctx, s.turn, j.text)
	c.length = s.start + s.samples
	return done
}

// give gives a speech up that met its fault. Nothing more is said of it.
func (c *fluxConnection) give(s *speech) {
	s.dead = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.halt()
	c.halt = nil
	c.removeLocked(s)
}

// removeLocked ends a speech.
func (c *fluxConnection) removeLocked(s *speech) {
	c.finishLocked(s)
	c.open = slices.DeleteFunc(c.open, func(other *speech) bool { return other == s })
}

// answer says that a job is done. It reports false where that ends the connection.
func (c *fluxConnection) answer(j fluxJob) bool {
	c.mu.Lock()
	c.halt()
	c.halt = nil
	ends := j.then == thenInterrupted || j.then == thenEnd && !j.speech.interrupted && !j.speech.dead
	if ends {
		c.removeLocked(j.speech)
	}
	c.mu.Unlock()
	switch {
	case j.then == thenOver:
		c.send(engine.Object{
			"type": "SessionMetadata", "total_audio_duration_ms": millis(c.total.samples),
			"total_input_character_count": c.total.input, "total_billable_character_count": c.total.billed,
		})
		c.close(closeReason{websocket.StatusNormalClosure, ""})
		return false
	case ends && j.then == thenInterrupted:
		c.sendInterrupted(j)
	case ends:
		c.sendEnd(j.speech)
	}
	return true
}

// sendEnd tells a speech's end, after its last audio.
func (c *fluxConnection) sendEnd(s *speech) {
	if c.quirks.flushedAt == "before" {
		c.sendFlushed(s)
	}
	switch {
	case !engine.Speakable(s.text):
		c.warn("NO_SYNTHESIZABLE_TEXT", "There is nothing to speak in the text")
	case s.samples == 0:
		c.warn("NO_AUDIO_GENERATED", "No audio was generated")
	}
	metadata := c.metadata(s)
	metadata["type"] = "SpeechMetadata"
	c.send(metadata)
	if c.quirks.flushedAt == "after" {
		c.sendFlushed(s)
	}
}

// metadata is what is told of a speech, which counts in the session from then on.
func (c *fluxConnection) metadata(s *speech) engine.Object {
	input := utf8.RuneCountInString(s.text)
	c.total.samples += s.samples
	c.total.input += input
	c.total.billed += s.billed
	o := engine.Object{
		"speech_id": s.id, "audio_duration_ms": millis(s.samples), "input_character_count": input,
		"billable_character_count": s.billed,
		"controls_applied":         engine.Object{"pronunciations_applied": 0, "breaks_applied": 0, "pronunciation_warnings": 0},
	}
	if s.fault.Kind == engine.NullCost {
		o["billable_character_count"] = nil
	}
	return o
}

// sendInterrupted tells how far a speech was heard. Without an offset that is what was generated, and no text is told.
func (c *fluxConnection) sendInterrupted(j fluxJob) {
	s := j.speech
	c.sendStale()
	played := millis(s.samples)
	o := engine.Object{"type": "SpeechInterrupted", "metadata": c.metadata(s)}
	if j.offset >= 0 {
		played = min(played, max(0, int64(j.offset)-millis(s.start)))
		o["text_spoken"], o["text_remaining"] = s.split(time.Duration(played) * time.Millisecond)
	}
	o["audio_played_ms"] = played
	c.send(o)
}

// split cuts a speech's text behind the last word that was heard whole.
func (s *speech) split(played time.Duration) (heard, rest string) {
	words := 0
	for words < len(s.words) && s.words[words].End <= played {
		words++
	}
	at, end := 0, 0
	for _, field := range strings.FieldsFunc(s.text, unicode.IsSpace) {
		at += strings.Index(s.text[at:], field) + len(field)
		if words -= len(voice.Tokens(field, true)); words < 0 {
			break
		}
		end = at
	}
	return s.text[:end], s.text[end:]
}

func millis(samples int64) int64 {
	return audio.Duration(samples, engine.NativeRate).Milliseconds()
}
