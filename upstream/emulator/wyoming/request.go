package wyoming

import (
	"context"
	"fmt"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// request is one text, or one whose text comes in chunks, owned by its connection's speaker.
type request struct {
	*line
	id    string
	index int // in the stats
	fault engine.Fault
	voice voiceModel
	wrong string // the voice's name, which there is not; empty: there is

	turn    engine.Turn
	pacer   engine.Pacer
	samples int64 // generated, at the native rate
	late    bool  // its first audio has been late enough
	failed  bool  // by the server's fault
}

// newRequest enters a request in the stats. It has no name on the wire.
func newRequest(l *line, e event) *request {
	l.requests++
	id := fmt.Sprintf("%s.%d", l.name, l.requests)
	r := &request{line: l, id: id, index: l.server.Begin(id), fault: l.server.CurrentFault()}
	r.voice, r.wrong = voiceOf(e.data)
	return r
}

// note enters a text of the request.
func (r *request) note(text string) {
	r.server.Stream(r.index, func(s *engine.Stream) { s.Texts, s.Flushes = append(s.Texts, text), 1 })
}

// finish ends a request. early: before all was said. That is a cancel, if it is not the server's fault.
func (r *request) finish(early bool) {
	if early && !r.failed && r.server.Context().Err() == nil {
		r.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: r.id, At: time.Now()}) })
	}
	r.server.Finish(r.index)
}

// speak speaks a text in its turn, from its start to its stop, and reports whether the connection goes on.
func (r *request) speak(ctx context.Context, text string) bool {
	defer r.turn.Give()
	if !r.turn.Take(ctx, r.turns) || r.broken(ctx) {
		return false
	}
	started := false
	if strings.TrimSpace(text) != "" && r.fault.Kind != engine.Empty {
		if started = !engine.Speakable(text) && r.quirks.emptyStart; started && !r.start() {
			return false
		}
		if !r.speakSentences(ctx, text, started) {
			return false
		}
	}
	return r.send(event{kind: "audio-stop", data: map[string]any{"timestamp": r.timestamp()}})
}

// speakSentences sends each sentence's audio as soon as it is done.
func (r *request) speakSentences(ctx context.Context, text string, started bool) bool {
	if !r.await(ctx) {
		return false
	}
	r.pacer = engine.Pacer{Began: time.Now(), Pace: r.server.Options().Pace}
	if r.fault.Kind == engine.Slow {
		r.pacer.Pace = 0.5
	}
	for rest := text; rest != ""; {
		sentence := rest
		if first, more := engine.FirstSentence(rest); first != "" {
			sentence, rest = first, more
		} else {
			rest = ""
		}
		if !engine.Speakable(sentence) {
			continue
		}
		spoken := r.server.Say(ctx, sentence, true, r.server.Options().Seed+uint64(r.samples), 1)
		if r.fault.Kind == engine.WrongLength {
			spoken, rest = engine.CutShort(spoken, r.fault), ""
		}
		if (!started || r.quirks.restarts) && !r.start() {
			return false
		}
		started = true
		if !r.sendAll(ctx, spoken.PCM) {
			return false
		}
	}
	return true
}

// await waits for the engine's first audio of the request.
func (r *request) await(ctx context.Context) bool {
	delay := r.server.Options().FirstAudio
	if r.fault.Kind == engine.Late && !r.late {
		delay += r.fault.After
	}
	r.late = true
	return engine.Pause(ctx, delay)
}

// format is what every event of audio says of it.
func (r *request) format() map[string]any {
	return map[string]any{"rate": r.voice.rate, "width": 2, "channels": 1, "timestamp": r.timestamp()}
}

// timestamp is where in the request's audio an event is.
func (r *request) timestamp() any {
	if !r.quirks.timestamps {
		return nil
	}
	return audio.Duration(r.samples, engine.NativeRate).Milliseconds()
}

func (r *request) start() bool {
	if r.quirks.pings && !r.send(event{kind: "ping", data: map[string]any{"text": "still there?"}}) {
		return false
	}
	return r.send(event{kind: "audio-start", data: r.format()})
}

// sendAll sends a sentence's audio in chunks at the options' pace, and reports whether the connection goes on.
func (r *request) sendAll(ctx context.Context, pcm []int16) bool {
	raw, err := engine.Encode(pcm, audio.Format{Encoding: audio.PCM16, Rate: r.voice.rate})
	if err != nil {
		return r.fail(err.Error(), "RuntimeError")
	}
	size := max(2, 2*r.quirks.samples)
	if r.quirks.oddChunks || r.fault.Kind == engine.OddChunks {
		size++
	}
	before := r.samples
	for sent := 0; sent < len(raw); {
		n := min(size, len(raw)-sent)
		if !r.pacer.Wait(ctx, audio.Duration(int64(n/2), r.voice.rate)) {
			return false
		}
		if !r.send(event{kind: "audio-chunk", data: r.format(), payload: raw[sent : sent+n]}) {
			return false
		}
		sent += n
		r.samples = before + int64(len(pcm))*int64(sent)/int64(len(raw))
		r.server.Stream(r.index, func(s *engine.Stream) { s.Audio = audio.Duration(r.samples, engine.NativeRate) })
		if r.broken(ctx) {
			return false
		}
	}
	return true
}

// broken plays the fault when its time has come. It reports whether the connection ends, by that or by ctx.
func (r *request) broken(ctx context.Context) bool {
	if audio.Duration(r.samples, engine.NativeRate) < r.fault.After {
		return ctx.Err() != nil
	}
	r.failed = true
	switch r.fault.Kind {
	case engine.Stall:
		r.failed = false
		r.turn.Give()
		<-ctx.Done() // the client leaves
	case engine.Drop, engine.CloseCode: // the speaker closes the connection
	case engine.ErrorFrame:
		r.fail("Synthesis failed", r.fault.Name)
	case engine.Garbage:
		_, _ = r.conn.Write([]byte(engine.GarbageText + "\n")) // the client may have gone
	default:
		r.failed = false
		return ctx.Err() != nil
	}
	return true
}
