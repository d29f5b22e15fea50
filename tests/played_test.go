package tests

import (
	"testing"

	"voicerelay/upstream/emulator"
)

// within is the span of the text in which `spoken` must lie where a caller has heard so many milliseconds: at least all
// words that were heard whole, and nothing of the first that had not begun.
func within(words []timedWord, playedMS int64, length int) (least, most int) {
	most = length
	for _, w := range words {
		if w.EndMS <= playedMS {
			least = w.CharEnd
		}
		if w.StartMS >= playedMS {
			return least, min(most, w.CharStart)
		}
	}
	return least, most
}

func TestPlayedTimesAfterTheEnd(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences, "word_timestamps": true})
	m := c.completed("g")
	length := len([]rune(threeSentences))
	if m.Spoken.Char < length-1 { // the last full stop may count or not
		t.Errorf("spoken up to %d of %d at the end", m.Spoken.Char, length)
	}
	words := c.words("g")
	for _, played := range []int64{0, 1, 500, 1500, words[3].StartMS, words[3].EndMS, m.Usage.AudioMS, m.Usage.AudioMS + 5000} {
		mark := c.mark()
		c.send(j{"type": "cancel", "generation_id": "g", "played_ms": played})
		got := c.awaitFrom(mark, "spoken", of("spoken", "g")).Spoken
		if least, most := within(words, played, length); got.Char < least || got.Char > most {
			t.Errorf("played %d ms: spoken up to %d, want %d..%d", played, got.Char, least, most)
		}
		// Beyond the last word a piece's end is as good.
		if got.Source != "word_times" && played < words[len(words)-1].EndMS {
			t.Errorf("played %d ms: source %s, want word_times", played, got.Source)
		}
	}
}

// The times are kept whether or not the client asked to see them.
func TestPlayedTimesWithoutTimestamps(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
	c.completed("g")
	c.send(j{"type": "cancel", "generation_id": "g", "played_ms": 0})
	if got := c.await("spoken", of("spoken", "g")).Spoken; got.Char != 0 || got.Source != "word_times" {
		t.Errorf("nothing played: spoken %+v", got)
	}
}

func TestBargeInSaysHowFarTheCallerHeard(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 4}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences, "word_timestamps": true})
	c.await("the fifth word", func(message) bool { return len(c.words("g")) >= 5 })
	const played = 700
	c.send(j{"type": "cancel", "generation_id": "g", "played_ms": played})
	m := c.done("g")
	if least, most := within(c.words("g"), played, len([]rune(threeSentences))); m.Spoken.Char < least || m.Spoken.Char > most {
		t.Errorf("spoken up to %d, want %d..%d", m.Spoken.Char, least, most)
	}
	mark := c.mark()
	c.send(j{"type": "cancel", "generation_id": "g"})
	c.unanswered(mark)
}

// One message for a whole turn: what runs answers in done, what has ended in spoken, what was not named not at all.
func TestPlayedTimesOfAContext(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 10})
	c := serve(t, speaksByOne(v)).dial(t)
	for _, g := range []j{
		{"generation_id": "over", "text": twelve, "word_timestamps": true},
		{"generation_id": "silent", "text": "quick dog."},
		{"generation_id": "running", "text": threeSentences + " " + threeSentences, "word_timestamps": true},
		{"generation_id": "waiting", "text": twelve},
	} {
		g["type"], g["context_id"] = "generate", "turn"
		c.send(g)
	}
	c.await("audio", func(m message) bool { return m.kind == "audio" && m.ID == "running" && m.Seq > 3 })
	mark := c.mark()
	c.send(j{"type": "cancel", "context_id": "turn", "played": j{"over": 900, "running": 100, "waiting": 0}})
	if least, most := within(c.words("over"), 900, len(twelve)); true {
		if got := c.awaitFrom(mark, "spoken", of("spoken", "over")).Spoken; got.Char < least || got.Char > most {
			t.Errorf("over: spoken up to %d, want %d..%d", got.Char, least, most)
		}
	}
	for _, id := range []string{"running", "waiting"} {
		if m := c.done(id); m.Reason != "cancelled" {
			t.Errorf("%s %s, want cancelled", id, m.Reason)
		}
	}
	if got := c.done("waiting").Spoken.Char; got != 0 {
		t.Errorf("waiting: spoken up to %d, nothing was", got)
	}
	c.barrier()
	for _, m := range c.everything() {
		if m.kind == "spoken" && m.ID != "over" {
			t.Errorf("spoken for %s", m.ID)
		}
	}
}

func TestPlayedTimesOfAll(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for _, id := range []string{"a", "b"} {
		c.send(j{"type": "generate", "generation_id": id, "text": twelve})
		c.completed(id)
	}
	c.send(j{"type": "cancel", "all": true, "played": j{"a": 0, "b": 100000}})
	if got := c.await("spoken a", of("spoken", "a")).Spoken.Char; got != 0 {
		t.Errorf("a: spoken up to %d, nothing was played", got)
	}
	if got := c.await("spoken b", of("spoken", "b")).Spoken.Char; got < len(twelve)-1 {
		t.Errorf("b: spoken up to %d, all was played", got)
	}
}

// Of an earlier context the relay keeps as much as it promises: 64 generations a connection.
func TestSpokenIsKeptForSixtyFourGenerations(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	ids := make([]string, 64)
	for i := range ids {
		ids[i] = "g" + string(rune('A'+i%26)) + string(rune('a'+i/26))
		c.send(j{"type": "generate", "generation_id": ids[i], "text": "lazy dog."})
		c.completed(ids[i])
	}
	for _, id := range ids {
		c.send(j{"type": "cancel", "generation_id": id, "played_ms": 100000})
		if got := c.await("spoken "+id, of("spoken", id)).Spoken.Char; got < len("lazy dog") {
			t.Errorf("%s: spoken up to %d", id, got)
		}
	}
}
