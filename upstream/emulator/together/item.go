package together

import (
	"context"
	"fmt"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

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
