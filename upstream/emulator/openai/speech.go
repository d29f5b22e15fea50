package openai

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// charMicros is what a character is charged at, in millionths of a dollar: the price of tts-1. Whether an answer that was broken off
// is billed in full is not known; here it is.
const charMicros = 15

// tokenModel is charged by the token, in tenths of a millionth of a dollar: 0.60 dollars for a million of text, 12 of audio.
const (
	tokenModel  = "gpt-4o-mini-tts"
	inputTenth  = 6
	outputTenth = 120
)

// generation is one request's speech, made while its answer is written.
type generation struct {
	// Static after speech.
	*emulator
	order  order
	index  int // in the stats
	fault  engine.Fault
	answer *answer

	// Owned by the request's goroutine.
	turn    engine.Turn
	pacer   engine.Pacer
	samples int64 // generated, at the native rate
}

// speech answers a request for speech.
func (o *emulator) speech(w http.ResponseWriter, r *http.Request, id string) {
	order, wrong := o.read(w, r)
	if wrong != nil {
		o.refuse(w, *wrong)
		return
	}
	g := &generation{emulator: o, order: order, index: o.server.Begin(id), fault: o.server.CurrentFault()}
	defer o.server.Finish(g.index)
	defer g.turn.Give()
	o.server.Stream(g.index, func(s *engine.Stream) {
		s.Texts, s.Flushes, s.Charge = []string{order.input}, 1, g.charge()
	})
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stop := context.AfterFunc(o.server.Context(), cancel)
	defer stop()
	var err error
	if g.answer, err = o.newAnswer(w, order); err != nil {
		o.refuse(w, refusal{status: http.StatusInternalServerError, message: err.Error()})
		return
	}
	defer g.answer.boundBy(ctx)()
	end := g.run(ctx)
	if r.Context().Err() != nil && o.server.Context().Err() == nil {
		o.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
	}
	if end == broken {
		panic(http.ErrAbortHandler) // the way to break an answer off: net/http knows it
	}
}

// run speaks the order, sentence by sentence, and answers.
func (g *generation) run(ctx context.Context) ending {
	if !g.turn.Take(ctx, g.turns) {
		return broken
	}
	if end, over := g.broken(ctx); over {
		return end
	}
	if !g.quirks.waits && !g.answer.held {
		g.answer.begin(0)
	}
	g.pacer = engine.Pacer{Began: time.Now(), Pace: g.server.Options().Pace}
	if g.fault.Kind == engine.Slow {
		g.pacer.Pace = 0.5
	}
	if end, over := g.speak(ctx); over {
		return end
	}
	g.answer.end(g.usage())
	return whole
}

// speak generates all sentences. over: it came to an end of its own, which is not that of the text.
func (g *generation) speak(ctx context.Context) (end ending, over bool) {
	if g.fault.Kind == engine.Empty {
		return whole, false
	}
	delay := g.server.Options().FirstAudio
	if g.fault.Kind == engine.Late {
		delay += g.fault.After
	}
	if !engine.Pause(ctx, delay) {
		return broken, true
	}
	g.pacer.Began = time.Now()
	for rest := g.order.input; rest != ""; {
		sentence := rest
		if first, more := engine.FirstSentence(rest); first != "" {
			sentence, rest = first, more
		} else {
			rest = ""
		}
		if !engine.Speakable(sentence) {
			continue
		}
		spoken := g.server.Say(ctx, sentence, true, g.server.Options().Seed+uint64(g.samples), g.order.speed)
		if g.fault.Kind == engine.WrongLength {
			spoken, rest = engine.CutShort(spoken, g.fault), ""
		}
		if end, over = g.voice(ctx, spoken); over {
			return end, true
		}
	}
	return whole, false
}

// voice sends a sentence's audio in frames, at the options' pace.
func (g *generation) voice(ctx context.Context, spoken voice.Spoken) (end ending, over bool) {
	size := max(1, int(audio.Samples(g.quirks.chunk, engine.NativeRate)))
	for pcm := spoken.PCM; len(pcm) > 0; {
		n := min(size, len(pcm))
		if !g.pacer.Wait(ctx, audio.Duration(int64(n), engine.NativeRate)) {
			if g.quirks.lingers {
				g.count(len(pcm))
			}
			return broken, true
		}
		g.answer.audio(pcm[:n], g.quirks.oddChunks || g.fault.Kind == engine.OddChunks)
		pcm = pcm[n:]
		g.count(n)
		if end, over = g.broken(ctx); over {
			return end, true
		}
	}
	return whole, false
}

// count enters samples that have been generated.
func (g *generation) count(n int) {
	g.samples += int64(n)
	g.server.Stream(g.index, func(s *engine.Stream) { s.Audio, s.Charge = audio.Duration(g.samples, engine.NativeRate), g.charge() })
}

// broken plays the fault when its time has come. over: that, or the client's leaving, has ended the generation.
func (g *generation) broken(ctx context.Context) (end ending, over bool) {
	due := audio.Duration(g.samples, engine.NativeRate) >= g.fault.After
	switch kind := g.fault.Kind; {
	case due && kind == engine.Stall:
		g.turn.Give()
		<-ctx.Done() // the client leaves
		return broken, true
	case due && (kind == engine.Drop || kind == engine.CloseCode):
		return broken, true
	case due && kind == engine.ErrorFrame:
		return g.fail(), true
	case due && kind == engine.Garbage:
		return g.answer.garbage(), true
	}
	return broken, ctx.Err() != nil
}

// fail ends a generation by the fault's error. Once a body has begun there is no status to tell it by.
func (g *generation) fail() ending {
	r := refusalOf(g.fault)
	switch {
	case !g.answer.begun:
		g.refuse(g.answer.w, r)
		return cut
	case g.order.sse && g.quirks.sseError:
		g.answer.event("error", engine.Object{"error": engine.Object{"message": r.message, "type": kindOf(r.status), "code": orNull(r.code)}})
		return cut
	case g.quirks.cutClean:
		return cut
	}
	return broken
}

// charge is what the generation costs so far, in millionths of a dollar.
func (g *generation) charge() int64 {
	if g.order.model != tokenModel {
		return charMicros * int64(utf8.RuneCountInString(g.order.input))
	}
	in, out := g.tokens()
	return (inputTenth*in + outputTenth*out + 5) / 10
}

// tokens are those of the text, and of the audio that there is. How OpenAI counts them is not known; these numbers are near to its own.
func (g *generation) tokens() (in, out int64) {
	const charsPerToken, tokensPerSecond = 4, 20
	return max(1, int64(utf8.RuneCountInString(g.order.input)/charsPerToken)), g.samples * tokensPerSecond / engine.NativeRate
}

// usage is what the last event says of a generation.
func (g *generation) usage() any {
	if g.fault.Kind == engine.NullCost {
		return nil
	}
	in, out := g.tokens()
	return engine.Object{"input_tokens": in, "output_tokens": out, "total_tokens": in + out}
}
