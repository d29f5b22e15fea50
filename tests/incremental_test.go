package tests

import (
	"fmt"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// As a language model writes: a token at a time, with its space before it.
func (c *client) streamText(id, text string) {
	c.t.Helper()
	for _, token := range strings.SplitAfter(text, " ") {
		for len(token) > 4 {
			c.send(j{"type": "append", "generation_id": id, "text": token[:3]})
			token = token[3:]
		}
		c.send(j{"type": "append", "generation_id": id, "text": token})
	}
}

const threeSentences = "Seven bright yellow lanterns hang above quiet river stones. Please remember that silver trains leave early today! " +
	"The lazy dog jumps over our house, every winter night."

func TestTokensAreSpokenInOrder(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for _, query := range []string{"audio=json", "audio=binary"} {
		c := r.dialWith(t, dialing{query: query})
		c.send(j{"type": "generate", "generation_id": "g", "text": "", "final": false})
		c.accepted("g")
		c.streamText("g", threeSentences)
		c.send(j{"type": "finish", "generation_id": "g"})
		c.completed("g")
		c.speaks("g", threeSentences)
	}
}

func TestSpeechBeginsBeforeTheTextEnds(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "The quick dog jumps over. And", "final": false})
	c.await("audio before the text's end", of("audio", "g"))
	c.send(j{"type": "append", "generation_id": "g", "text": " a lazy fox", "final": true})
	c.completed("g")
	c.speaks("g", "The quick dog jumps over. And a lazy fox")
}

func TestFlushSpeaksWhatIsBuffered(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "quick brown", "final": false})
	c.accepted("g") // waits for the ledger, which a pong does not
	c.barrier()
	if got := c.about("g"); got[len(got)-1].kind != "accepted" {
		t.Errorf("text without a boundary was spoken before its flush: %v", got)
	}
	c.send(j{"type": "flush", "generation_id": "g"})
	c.await("audio after the flush", of("audio", "g"))
	c.send(j{"type": "append", "generation_id": "g", "text": " lazy dog"})
	c.send(j{"type": "finish", "generation_id": "g"})
	c.completed("g")
	c.speaks("g", "quick brown lazy dog")
}

func TestFlushOfNothingAndTwice(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "", "final": false})
	for range 3 {
		c.send(j{"type": "flush", "generation_id": "g"})
	}
	c.send(j{"type": "append", "generation_id": "g", "text": "quick dog"})
	for range 3 {
		c.send(j{"type": "flush", "generation_id": "g"})
	}
	c.await("audio", of("audio", "g"))
	c.send(j{"type": "finish", "generation_id": "g"})
	c.completed("g")
	c.speaks("g", "quick dog")
}

func TestTextAfterItsEndIsRefusedOnceThenIgnored(t *testing.T) {
	t.Parallel()
	// At twice real time the speech is still going on while the appends arrive.
	c := serve(t, speaksByOne(emulate(t, emulator.Options{Pace: 2}))).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.accepted("g")
	mark := c.mark()
	c.send(j{"type": "append", "generation_id": "g", "text": " more"})
	if m := c.refusal(mark, "text_finished"); m.Command != "append" || m.ID != "g" {
		c.fail("text_finished names %q of %q", m.Command, m.ID)
	}
	mark = c.mark()
	c.send(j{"type": "append", "generation_id": "g", "text": " and more"})
	c.send(j{"type": "flush", "generation_id": "g"})
	c.send(j{"type": "finish", "generation_id": "g"})
	c.unanswered(mark)
	c.completed("g")
	c.speaks("g", twelve)
	mark = c.mark()
	for _, kind := range []string{"append", "flush", "finish", "cancel"} {
		cmd := j{"type": kind, "generation_id": "g"}
		if kind == "append" {
			cmd["text"] = "late"
		}
		c.send(cmd)
	}
	c.unanswered(mark)
}

func TestCommandsForARefusedGenerationHaveNoAnswer(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "g", "text": "", "final": false, "voice": "nobody"})
	c.refusal(mark, "unknown_voice")
	mark = c.mark()
	c.send(j{"type": "append", "generation_id": "g", "text": "hello"})
	c.send(j{"type": "flush", "generation_id": "g"})
	c.send(j{"type": "finish", "generation_id": "g"})
	c.send(j{"type": "cancel", "generation_id": "g"})
	c.unanswered(mark)
}

func TestUnknownGenerationsAndContexts(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for i, cmd := range []j{
		{"type": "append", "generation_id": "never", "text": "hello"},
		{"type": "flush", "generation_id": "never"},
		{"type": "finish", "generation_id": "never"},
		{"type": "cancel", "generation_id": "never"},
		{"type": "cancel", "generation_id": "never", "played_ms": 5},
		{"type": "cancel", "context_id": "never"},
	} {
		mark := c.mark()
		c.send(cmd)
		if m := c.refusal(mark, "unknown_generation"); m.Command != cmd["type"] {
			c.fail("command %d: answered as %q", i, m.Command)
		}
	}
	mark := c.mark()
	c.send(j{"type": "cancel", "all": true})
	c.unanswered(mark)
}

func TestNothingToSpeakIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{})
	c := serve(t, speaksByOne(v)).dial(t)
	for i, text := range []string{"", " ", "…!?", "\n\t", "🙂🙃", "<spell></spell>", "—"} {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": text})
		m := c.completed(id)
		if u := m.Usage; len(u.Attempts) != 0 || len(u.Cost) != 0 || u.AudioMS != 0 {
			t.Errorf("%q: usage %+v, want none", text, u)
		}
	}
	c.send(j{"type": "generate", "generation_id": "open", "text": "", "final": false})
	c.send(j{"type": "append", "generation_id": "open", "text": " ... ", "final": true})
	c.completed("open")
	if n := requests(v); n != 0 {
		t.Errorf("the vendor got %d requests for texts with nothing to speak", n)
	}
}

func TestLongTextIsSpokenWhole(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{})).amend("default", func(r *route) { r.MaxPartialLength = 60 })
	c := serve(t, cfg).dial(t)
	long := strings.TrimSpace(strings.Repeat(threeSentences+" ", 4))
	c.send(j{"type": "generate", "generation_id": "g", "text": long})
	m := c.completed("g")
	c.speaks("g", long)
	if n := m.Usage.Attempts[0].Requests; n < len(long)/60 {
		t.Errorf("%d characters in %d pieces of at most 60", len(long), n)
	}
}

// What must not be cut is not, wherever the tokens of the model end.
func TestTokensThatCutWhatBelongsTogether(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	for i, tokens := range [][]string{
		{"Your code is <sp", "ell>A", "B7", "</sp", "ell>", " today."},
		{"<spell>", "X", "Y"},
		{"It takes 3.", "14 or 1", ",250 steps", "."},
		{"They paid $5.", "50 and the", "n left. ", "Dr", ". Fox", " was quick."},
		{"When a <", " b it", " holds."},
		{"Please wa", "it!", "?", "! Then lea", "ve…"},
	} {
		id := fmt.Sprint("g", i)
		text := strings.Join(tokens, "")
		c.send(j{"type": "generate", "generation_id": id, "text": "", "final": false, "word_timestamps": true})
		for _, token := range tokens {
			c.send(j{"type": "append", "generation_id": id, "text": token})
		}
		c.send(j{"type": "finish", "generation_id": id})
		c.completed(id)
		c.speaks(id, text)
		if n := len(c.words(id)); n == 0 {
			t.Errorf("%q: no words announced", text)
		}
	}
}

// A character at a time, as fast as the socket takes them.
func TestManySmallAppends(t *testing.T) {
	t.Parallel()
	c := serve(t, speaksByOne(emulate(t, emulator.Options{}))).dial(t)
	text := strings.TrimSpace(strings.Repeat(threeSentences+" ", 10))
	c.send(j{"type": "generate", "generation_id": "g", "text": "", "final": false})
	for _, r := range text {
		c.send(j{"type": "append", "generation_id": "g", "text": string(r)})
	}
	c.send(j{"type": "finish", "generation_id": "g"})
	c.completed("g")
	c.speaks("g", text)
}

func TestTextIdleTimeoutFinishesAnOpenGeneration(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"text_idle_timeout": "1s"})
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": "quick brown fox", "final": false})
	if done := c.completed("g"); done.EndedBy != "text_idle" {
		t.Errorf("ended_by: got %q, want text_idle", done.EndedBy)
	}
	c.speaks("g", "quick brown fox")
}
