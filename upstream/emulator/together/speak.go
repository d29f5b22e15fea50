package together

import (
	"context"

	"voicerelay/upstream/emulator/engine"
)

// speak speaks the context's items in order until it is cancelled or its client leaves.
// Items of a context never overlap, as their audio could not be told apart where it has no context_id.
func (k *speechContext) speak(ctx context.Context) {
	defer close(k.over)
	defer k.stop()
	for {
		item, ok := k.next(ctx)
		if !ok {
			return
		}
		k.say(ctx, item)
		k.mu.Lock()
		k.speaking, k.spoke = false, true
		k.settleLocked()
		k.mu.Unlock()
	}
}

// next waits for an item. It reports false where ctx ends before.
func (k *speechContext) next(ctx context.Context) (item, bool) {
	for ctx.Err() == nil {
		if item, ok := k.pop(); ok {
			return item, true
		}
		select {
		case <-ctx.Done():
		case <-k.wake:
		}
	}
	return item{}, false
}

func (k *speechContext) pop() (item item, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.items) == 0 {
		return item, false
	}
	if k.fresh {
		k.meet(k.fault, k.conn.server.Options().Pace)
		k.fresh = false
	}
	item, k.items = k.items[0], k.items[1:]
	k.speaking = true
	return item, true
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
