package together

import (
	"context"
	"fmt"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// speaker is what a context's speaker keeps from item to item.
type speaker struct {
	wrong   engine.Fault // what goes wrong
	since   int64        // samples that were generated before that was known
	samples int64        // generated, at the native rate
	count   int          // of items
	item    string       // the item_id of the one that has no done yet; empty: none
	rest    []byte       // its audio that is not sent yet
	turn    engine.Turn
	pacer   engine.Pacer
}

// meet makes the speaker know a fault.
func (k *speaker) meet(f engine.Fault, pace float64) {
	k.wrong, k.since = f, k.samples
	if f.Kind == engine.Slow {
		pace = 0.5
	}
	k.pacer = engine.Pacer{Pace: pace}
}

// say speaks one item.
// Whether contexts are spoken side by side is not documented: see Turn.
func (k *speechContext) say(ctx context.Context, item item) {
	if !k.turn.Take(ctx, k.conn.turns) {
		return
	}
	defer k.turn.Give()
	switch {
	case k.broken(ctx):
	case !engine.Speakable(item.text):
		k.sayNothing(item.text)
	case !k.conn.quirks.hasVoice(item.settings):
		k.conn.send(k.named(k.conn.quirks.unnamed("invalid_voice", "")))
	default:
		k.begin()
		if k.voice(ctx, item) {
			k.end()
		}
	}
}

// sayNothing answers what can't be spoken.
func (k *speechContext) sayNothing(text string) {
	answer := k.conn.quirks.unspeakable
	if text == "" {
		answer = k.conn.quirks.emptyCommit
	}
	switch answer {
	case "done":
		k.begin()
		k.end()
	case "failed": // of a text, never of a commit of nothing
		k.conn.send(k.named(k.conn.quirks.unnamed("invalid_text", "")))
	}
}

// begin gives the item its id.
// The examples count tts_1, tts_2 and so on in a session. Whether contexts count on their own is not documented.
func (k *speechContext) begin() {
	n := &k.conn.items
	if k.conn.quirks.itemsPerContext {
		n = &k.count
	}
	k.conn.mu.Lock()
	defer k.conn.mu.Unlock()
	*n++
	k.item, k.rest = fmt.Sprintf("tts_%d", *n), nil
}

// end says that the item is complete.
// done is of the item only. One commit may yield several items, and nothing marks the end of a turn: the guide's sample waits
// for 0.3 s without audio.
func (k *speechContext) end() {
	k.conn.send(k.event("conversation.item.audio_output.done"))
	k.item = ""
}

// event is a message about the item.
func (k *speechContext) event(kind string) engine.Object {
	return k.named(engine.Object{"type": kind, "item_id": k.item})
}

// voice sends the item's audio and word times, and reports whether that is all of it.
// Characters of the input are charged, as the price list has it per million; no event tells usage.
func (k *speechContext) voice(ctx context.Context, item item) (complete bool) {
	k.conn.server.Stream(k.index, func(s *engine.Stream) { s.Charge += int64(item.characters) * item.settings.charMicros() })
	spoken := k.generate(ctx, item)
	delay := k.conn.server.Options().FirstAudio
	if k.wrong.Kind == engine.Late && k.samples == k.since {
		delay += k.wrong.After
	}
	if !engine.Pause(ctx, delay) {
		return false
	}
	words := spoken.Words
	if !item.settings.wordTimes {
		words = nil
	}
	return k.sendAll(ctx, spoken.PCM, item.settings, words)
}

// generate is the item's speech, spoiled where that is the fault.
func (k *speechContext) generate(ctx context.Context, item item) voice.Spoken {
	server, quirks := k.conn.server, k.conn.quirks
	seed := server.Options().Seed + uint64(k.samples)
	spoken := server.Say(ctx, item.settings.pronounced(item.text), quirks.normalizes, seed, item.settings.speed)
	switch k.wrong.Kind {
	case engine.Empty:
		return voice.Spoken{}
	case engine.WrongLength:
		return engine.CutShort(spoken, k.wrong)
	}
	return spoken
}

// broken plays the fault when its time has come. It reports whether the item is over, by that or by ctx.
// What a session is good for after tts.failed is not documented. Pipecat keeps the socket, and so does this.
func (k *speechContext) broken(ctx context.Context) bool {
	if audio.Duration(k.samples-k.since, engine.NativeRate) < k.wrong.After {
		return ctx.Err() != nil
	}
	switch k.wrong.Kind {
	case engine.Stall:
		k.turn.Give() // the others go on
		<-ctx.Done()  // the client cancels the context, or leaves
	case engine.Drop:
		_ = k.conn.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		code := websocket.StatusCode(k.wrong.Code)                 // the speaker may meet another fault meanwhile
		k.conn.wg.Go(func() { _ = k.conn.socket.Close(code, "") }) // that is the fault
	case engine.ErrorFrame:
		o := failure(faultCode(k.wrong), "")
		if !k.wrong.Session {
			o = k.named(o)
		}
		k.conn.send(o)
	case engine.Garbage:
		engine.SendGarbage(k.conn.socket)
	default:
		return ctx.Err() != nil
	}
	k.item = ""
	k.drop()
	return true
}
