package kugelaudio

import (
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

func TestChunksTellWherePiecesEnd(t *testing.T) {
	type ends struct{ through, pending int }
	for name, c := range map[string]struct {
		pieces []string
		chunks []string
		want   []ends // pieces that have ended and pieces not begun with, after each chunk
		blind  bool
	}{
		"a chunk a piece":      {[]string{"One two.", " Three."}, []string{"One two.", "Three."}, []ends{{1, 1}, {2, 0}}, false},
		"two chunks a piece":   {[]string{"One. Two.", " Three."}, []string{"One.", "Two.", "Three."}, []ends{{0, 1}, {1, 1}, {2, 0}}, false},
		"a chunk of two":       {[]string{"One,", " two.", " Three."}, []string{"One, two.", "Three."}, []ends{{2, 1}, {3, 0}}, false},
		"a chunk and a half":   {[]string{"One, two", " three. Four."}, []string{"One, two three.", "Four."}, []ends{{0, 0}, {2, 0}}, false},
		"a tag that is gone":   {[]string{"Spell <spell>AB</spell>.", " Go."}, []string{"Spell AB.", "<x>Go."}, []ends{{1, 1}, {2, 0}}, false},
		"another case":         {[]string{"ONE.", " Two."}, []string{"One.", "two"}, []ends{{1, 1}, {2, 0}}, false},
		"a number in words":    {[]string{"Take 5.", " Two."}, []string{"Take five."}, []ends{{0, 2}}, true},
		"no text":              {[]string{"One."}, []string{""}, []ends{{0, 1}}, true},
		"more than there is":   {[]string{"One."}, []string{"One. Two."}, []ends{{0, 1}}, true},
		"an abbreviated piece": {[]string{"Dr.", " Who."}, []string{"Dr. Who."}, []ends{{2, 0}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &parts{}
			for id, text := range c.pieces {
				p.add(id, text)
			}
			for i, chunk := range c.chunks {
				_, end, _ := p.begin(chunk)
				if got := (ends{p.through(end), p.unbegun(false)}); got != c.want[i] {
					t.Errorf("chunk %q: got %+v, want %+v", chunk, got, c.want[i])
				}
			}
			if p.blind != c.blind {
				t.Errorf("blind: got %t, want %t", p.blind, c.blind)
			}
		})
	}
}

// A chunk of two pieces, of which the second is flushed: both end with the answer to that, and what was heard is of both.
func TestAChunkOfTwoPiecesEndsBoth(t *testing.T) {
	p := &parts{}
	p.add(0, "One,")
	p.add(1, " two.")
	p.flush()
	_, end, _ := p.begin("One, two.")
	if n := p.through(end); n != 0 {
		t.Errorf("%d pieces end with the chunk, want none", n)
	}
	if n := p.final(); n != 2 {
		t.Errorf("%d pieces end with the flush, want both", n)
	}
}

// What is not joined is flushed: the text's end, and a piece before a pause, as soon as the vendor has nothing to do.
func TestOnlyPausesAreFlushed(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		s := l.Stream.(*stream)
		say := func(chunk int64, text string) {
			s.begin(chunk, text)
			s.words(chunk, []wordTime{{Word: text, EndMS: 1}})
			s.complete(chunk)
		}
		flush := `{"flush":true,"context_id":"gen-1"}`
		kept := func(want int) {
			r.Helper()
			if got := l.Heard().Withheld; got != want {
				r.Errorf("%d pieces are kept back, want %d", got, want)
			}
		}
		l.OrderMore("One.")
		l.MustOrder(false, " Two.")
		if got := r.Sent(); len(got) != 2 {
			r.Errorf("sent %q, want two texts alone", got)
		}
		kept(2)
		say(0, "One.")
		kept(1)
		if got := fmt.Sprint(l.Heard().Pieces); got != "[0]" {
			r.Errorf("pieces %s have ended, want the first", got)
		}
		l.MustOrder(false, " Three.")
		r.Want(`{"text":" Three.","context_id":"gen-1"}`)
		say(1, "Two.")
		time.Sleep(pauseTime - time.Millisecond)
		r.Want()
		time.Sleep(time.Millisecond)
		r.Want(flush)
		kept(0)
		say(2, "Three.")
		s.final()
		if got := fmt.Sprint(l.Heard().Pieces); got != "[0 1 2]" {
			r.Errorf("pieces %s have ended, want all", got)
		}
		l.MustOrder(false, " A pause.")
		r.Want(`{"text":" A pause.","context_id":"gen-1","flush":true}`)
		l.Cut()
	})
}

// A vendor that does not begin with what it has is told to.
func TestWhatIsNotBegunIsFlushed(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(false, "One. Two.")
		if got := r.Sent(); len(got) != 1 {
			r.Errorf("sent %q, want a text alone", got)
		}
		time.Sleep(beginTime)
		r.Want(`{"flush":true,"context_id":"gen-1"}`)
		l.Cut()
	})
}

// A text that flows is flushed at its end alone; one that pauses, at the pause as well.
func TestEmulatorJoinsPieces(t *testing.T) {
	inMemory := emulated
	inMemory.Bubble = true
	inMemory.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		id := 0
		order := func(more, last bool, texts ...string) {
			for i, text := range texts {
				p := upstream.Piece{ID: id, Text: text, More: more || i < len(texts)-1, Last: last && i == len(texts)-1}
				id++
				if err := l.Stream.Speak(t.Context(), p); err != nil {
					r.Fatalf("Speak: %v", err)
				}
			}
		}
		order(false, false, "The quick brown fox.", " It jumps over.", " The lazy dog.")
		time.Sleep(10 * time.Second)
		if got := r.Server.Stats().Streams[0].Flushes; got != 1 {
			r.Errorf("%d flushes by the pause, want one", got)
		}
		if h := l.Heard(); len(h.Pieces) != 3 || h.Withheld != 0 {
			r.Errorf("%d pieces have ended and %d are kept back", len(h.Pieces), h.Withheld)
		}
		order(false, true, " Near our house.", " It sleeps well.")
		h := l.Finish()
		r.WantWords(h, "The quick brown fox. It jumps over. The lazy dog. Near our house. It sleeps well.")
		for i, w := range h.Words {
			if want := []int{0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}[i]; w.Piece != want {
				r.Errorf("word %+v: want piece %d", w, want)
			}
		}
		if got := r.Server.Stats().Streams[0].Flushes; got != 2 {
			r.Errorf("%d flushes, want one at the pause and one at the end", got)
		}
	})
}
