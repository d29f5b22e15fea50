package server

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// What is a short piece, in characters, and how many a generation may have in a minute and at once.
const (
	shortLength = 40
	mostShort   = 60
)

// A flush after every other character does not make a request each at the vendor, and all is spoken.
func TestShortPiecesAreRated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(generate("g", "", `,"final":false`))
		began := time.Now()
		const parts = 2000
		go func() {
			for range parts {
				_ = c.write(`{"type":"append","generation_id":"g","text":"a "}`)
				_ = c.write(`{"type":"flush","generation_id":"g"}`)
				time.Sleep(5 * time.Millisecond)
			}
			_ = c.write(`{"type":"finish","generation_id":"g"}`)
		}()
		done, _ := c.until("done")
		if done["reason"] != "completed" {
			t.Errorf("done: %v", done)
		}
		texts := f.Texts()
		if got, want := strings.Join(texts, ""), strings.Repeat("a ", parts); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%d characters are spoken, want %d", len(got), len(want))
		}
		short := 0
		for _, text := range texts {
			if len(text) < shortLength {
				short++
			}
		}
		most := mostShort + int(time.Since(began)/time.Second)*mostShort/60 + 1 // and the last
		if short > most || len(texts) > most+2*parts/shortLength {
			t.Errorf("%d pieces, %d of them short, want %d short ones", len(texts), short, most)
		}
	})
}

// What is flushed beyond the rate is spoken within a second, though nothing more comes.
func TestAFlushBeyondTheRateIsSpokenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(generate("g", "", `,"final":false`))
		go func() {
			for {
				if _, err := c.read(); err != nil {
					return
				}
			}
		}()
		for i := range mostShort + 5 {
			c.send(fmt.Sprintf(`{"type":"append","generation_id":"g","text":"w%d "}`, i))
			c.send(`{"type":"flush","generation_id":"g"}`)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(1100 * time.Millisecond)
		if got, want := strings.Join(f.Texts(), ""), fmt.Sprintf("w%d ", mostShort+4); !strings.HasSuffix(got, want) {
			t.Errorf("a second later %q is spoken, want up to %q", got, want)
		}
		_ = c.conn.CloseNow()
		synctest.Wait()
	})
}

// A language model that flushes each of its sentences is spoken at once, sentence by sentence.
func TestHonestSentencesAreNotRated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(generate("g", "", `,"final":false`))
		const sentences = 40
		go func() {
			for i := range sentences {
				_ = c.write(fmt.Sprintf(`{"type":"append","generation_id":"g","text":"Sentence number %d. "}`, i))
				_ = c.write(`{"type":"flush","generation_id":"g"}`)
				time.Sleep(100 * time.Millisecond)
			}
			_ = c.write(`{"type":"finish","generation_id":"g"}`)
		}()
		c.until("done")
		if got := len(f.Texts()); got < sentences {
			t.Errorf("%d pieces for %d sentences that were flushed", got, sentences)
		}
	})
}

// Sentences of a letter that come one by one are rated like flushes, also where each ends the text for a while.
func TestShortSentencesAreRated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(generate("g", "", `,"final":false`))
		const parts = 300
		go func() {
			for range parts {
				_ = c.write(`{"type":"append","generation_id":"g","text":"Yes. "}`)
				time.Sleep(300 * time.Millisecond)
				_ = c.write(`{"type":"append","generation_id":"g","text":"No."}`)
				time.Sleep(300 * time.Millisecond) // a full stop at the very end counts after a moment
				_ = c.write(`{"type":"append","generation_id":"g","text":" "}`)
			}
			_ = c.write(`{"type":"finish","generation_id":"g"}`)
		}()
		began := time.Now()
		c.until("done")
		most := mostShort + int(time.Since(began)/time.Second)*mostShort/60 + 1
		if got := len(f.Texts()); got > most+2*8*parts/shortLength {
			t.Errorf("%d pieces of %d sentences, want %d short ones at most", got, 2*parts, most)
		}
		if got, want := strings.Join(f.Texts(), ""), strings.Repeat("Yes. No. ", parts); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%d characters are spoken, want %d", len(got), len(want))
		}
	})
}

// A short sentence that may not be spoken yet is waited for, not looked at again and again.
func TestShortSentenceWaitsForItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		c.send(generate("g", "", `,"final":false`))
		go func() {
			for range mostShort + 1 {
				_ = c.write(`{"type":"append","generation_id":"g","text":"x "}`)
				_ = c.write(`{"type":"flush","generation_id":"g"}`)
				time.Sleep(time.Millisecond)
			}
			_ = c.write(`{"type":"append","generation_id":"g","text":" Yes."}`)
			time.Sleep(3 * time.Second)
			_ = c.write(`{"type":"finish","generation_id":"g"}`)
		}()
		c.until("done")
		if got := strings.Count(strings.Join(f.Texts(), ""), "Yes."); got != 1 {
			t.Errorf("%d sentences are spoken, want one", got)
		}
	})
}
