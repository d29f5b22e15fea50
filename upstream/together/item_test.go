package together

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// diary is a sink that writes down what it hears, with the time.
type diary struct {
	began time.Time
	clock upstream.Clock
	lines []string
}

func (d *diary) note(text string, args ...any) {
	at := time.Since(d.began).Milliseconds()
	d.lines = append(d.lines, fmt.Sprintf("%d ms: ", at)+fmt.Sprintf(text, args...))
}

func (d *diary) Audio(f upstream.Frame) {
	d.clock.Add(f)
}

func (d *diary) Words(ws []upstream.Word) {
	for _, w := range ws {
		d.note("%s of %d at %d to %d", w.Text, w.Piece, w.Start.Milliseconds(), w.End.Milliseconds())
	}
}

func (d *diary) Withheld(int) {}

func (d *diary) PieceEnd(id int) { d.note("piece %d after %d ms", id, d.clock.Now().Milliseconds()) }

func (d *diary) End(_ upstream.Usage, err error) { d.note("end %v", err) }

// act is one thing that happens to a stream.
type act func(t *testing.T, r *reader)

// speak orders a piece.
func speak(id int, text string, last bool) act {
	return func(t *testing.T, r *reader) {
		if err := r.first.Speak(t.Context(), upstream.Piece{ID: id, Text: text, Last: last}); err != nil {
			t.Fatal(err)
		}
	}
}

func pass(d time.Duration) act { return func(*testing.T, *reader) { time.Sleep(d); synctest.Wait() } }

// delta is so much audio of an item.
func delta(item int, d time.Duration) act {
	return raw(item, make([]byte, 2*audio.Samples(d, format.Rate)))
}

func raw(item int, audio []byte) act {
	return send(`{"type":%q,"item_id":"tts_%d","delta":%q}`, typeDelta, item, base64.StdEncoding.EncodeToString(audio))
}

// word is a word from so many milliseconds to so many.
func word(item int, text string, from, to int) act {
	return send(`{"type":%q,"item_id":"tts_%d","words":[%q],"start_seconds":[%g],"end_seconds":[%g]}`,
		typeWords, item, text, float64(from)/1000, float64(to)/1000)
}

// manyWords are words that are not of the text.
func manyWords(item, n int) act {
	words, times := strings.Repeat(`"x",`, n)+`"x"`, strings.Repeat("1,", n)+"1"
	return send(`{"type":%q,"item_id":"tts_%d","words":[`+words+`],"start_seconds":[`+times+`],"end_seconds":[`+times+`]}`, typeWords, item)
}

func done(item int) act { return send(`{"type":%q,"item_id":"tts_%d"}`, typeDone, item) }

func send(frame string, args ...any) act {
	return func(t *testing.T, r *reader) {
		if err := r.frame(t, r.first, fmt.Sprintf(frame, args...)); err != nil {
			t.Errorf("%s: %v", fmt.Sprintf(frame, args...), err)
		}
	}
}

func lose(t *testing.T, r *reader) {
	r.first.Lost(&upstream.Error{Kind: upstream.Dropped, Message: "lost"})
}

const second = time.Second

func TestEndsAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		acts []act
		want []string
	}{
		"words that are complete need no quiet": {
			[]act{speak(0, "Hello.", true), delta(1, second), word(1, "Hello", 0, 900), done(1), pass(second)},
			[]string{"0 ms: Hello of 0 at 0 to 900", "0 ms: piece 0 after 1000 ms", "0 ms: end <nil>"},
		},
		"without words the quiet tells": {
			[]act{speak(0, "Hello.", true), delta(1, second), done(1), pass(second)},
			[]string{"0 ms: piece 0 after 1000 ms", "300 ms: end <nil>"},
		},
		"a number may be spoken longer than it is written": {
			[]act{speak(0, "In 1999", true), delta(1, second), word(1, "In", 0, 100), word(1, "nineteen", 100, 900), done(1), pass(second)},
			[]string{"0 ms: In of 0 at 0 to 100", "0 ms: nineteen of 0 at 100 to 900", "0 ms: piece 0 after 1000 ms", "300 ms: end <nil>"},
		},
		"audio that is too short is waited for longer": {
			[]act{speak(0, "Hello there my friend.", true), delta(1, second/10), done(1), pass(10 * second)},
			[]string{"0 ms: piece 0 after 100 ms", "1500 ms: end <nil>"},
		},
		"so are sentences": {
			[]act{speak(0, "Hi. You.", true), delta(1, second), done(1), pass(second), delta(2, second), pass(9 * second), done(2), pass(second)},
			[]string{"0 ms: piece 0 after 1000 ms", "10300 ms: end <nil>"},
		},
		"and words": {
			[]act{speak(0, "Hi and you too", true), delta(1, second), word(1, "Hi", 0, 500), done(1), pass(second), delta(2, second), word(2, "and", 0, 9), word(2, "you", 9, 10), word(2, "too", 10, 11), done(2), pass(second)},
			[]string{"0 ms: Hi of 0 at 0 to 500", "1000 ms: and of 0 at 1000 to 1009", "1000 ms: you of 0 at 1009 to 1010", "1000 ms: too of 0 at 1010 to 1011", "1000 ms: piece 0 after 2000 ms", "1300 ms: end <nil>"},
		},
		"a part of a piece does not end it": {
			[]act{
				speak(0, "Well now hello", false), speak(1, "Yes.", true),
				delta(1, second), word(1, "Well", 0, 900), done(1), delta(2, second), word(2, "now", 0, 100), word(2, "hello", 200, 900), done(2),
				pass(second), delta(3, second), word(3, "Yes", 0, 900), done(3), pass(second),
			},
			[]string{
				"0 ms: Well of 0 at 0 to 900", "0 ms: now of 0 at 1000 to 1100", "0 ms: hello of 0 at 1200 to 1900", "0 ms: piece 0 after 2000 ms",
				"1000 ms: Yes of 1 at 2000 to 2900", "1000 ms: piece 1 after 3000 ms", "1300 ms: end <nil>",
			},
		},
		"an item is waited for to its end": {
			[]act{speak(0, "Hi.", true), delta(1, second), done(1), delta(2, second), pass(20 * second), done(2), pass(second)},
			[]string{"0 ms: piece 0 after 1000 ms", "20300 ms: end <nil>"},
		},
		"late audio of an item is heard": {
			[]act{speak(0, "Hi.", true), delta(1, second), done(1), pass(200 * time.Millisecond), delta(1, second), pass(second)},
			[]string{"0 ms: piece 0 after 1000 ms", "500 ms: end <nil>"},
		},
		"a done twice counts once": {
			[]act{speak(0, "Hi.", false), speak(1, "You.", true), delta(1, second), done(1), done(1), pass(20 * second), delta(2, second), done(2), pass(second)},
			[]string{"0 ms: piece 0 after 1000 ms", "20000 ms: piece 1 after 2000 ms", "20300 ms: end <nil>"},
		},
		"an end without words finds everything delivered": {
			[]act{speak(0, "Hi.", false), delta(1, second), done(1), pass(10 * second), speak(1, "", true)},
			[]string{"0 ms: piece 0 after 1000 ms", "10000 ms: piece 1 after 1000 ms", "10000 ms: end <nil>"},
		},
		"an end without words waits for the quiet": {
			[]act{speak(0, "Hi.", false), delta(1, second), done(1), speak(1, "", true), pass(second)},
			[]string{"0 ms: piece 0 after 1000 ms", "300 ms: piece 1 after 1000 ms", "300 ms: end <nil>"},
		},
		"nothing to speak ends at once": {
			[]act{speak(0, "", true)},
			[]string{"0 ms: piece 0 after 0 ms", "0 ms: end <nil>"},
		},
		"a socket that is lost once all has come": {
			[]act{speak(0, "Hi.", true), delta(1, second), done(1), lose},
			[]string{"0 ms: piece 0 after 1000 ms", "0 ms: end <nil>"},
		},
		"a socket that is lost when more may come": {
			[]act{speak(0, "Hi. You.", true), delta(1, second), done(1), lose},
			[]string{"0 ms: piece 0 after 1000 ms", "0 ms: end dropped: lost"},
		},
		"times of far more words than there is text, before their audio": {
			[]act{speak(0, "Hi.", true), manyWords(1, 1000), manyWords(1, 4000)},
			[]string{"0 ms: end garbled: the vendor sent far more words than there is text"},
		},
		"a cancel that was not asked for": {
			[]act{speak(0, "Hi.", true), delta(1, second), send(`{"type":%q}`, typeCancelled)},
			[]string{"0 ms: end dropped: the vendor cancelled the context"},
		},
	} {
		t.Run(name, func(t *testing.T) { play(t, c.acts, c.want) })
	}
}

// play has acts happen, and compares the diary.
func play(t *testing.T, acts []act, want []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{began: time.Now(), clock: upstream.Clock{Format: format}}
		r := newReader(t, d)
		for _, act := range acts {
			act(t, r)
		}
		if got := slices.Clone(d.lines); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		r.first.fail(&upstream.Error{Kind: upstream.Dropped}) // where it is still open
	})
}

// TestWordTimesCountFromTheStreamsStart has words before, among and after their audio, in times from the item's first
// sample and from the context's.
func TestWordTimesCountFromTheStreamsStart(t *testing.T) {
	order := []act{speak(0, "ab", false), speak(1, "cd", false), speak(2, "ef", false)}
	for name, c := range map[string]struct {
		acts []act
		want []string
	}{
		"from the item's": {
			[]act{delta(1, second), word(1, "ab", 100, 900), done(1), delta(2, second), word(2, "cd", 100, 900), done(2)},
			[]string{"ab of 0 at 100 to 900", "cd of 1 at 1100 to 1900"},
		},
		"from the context's": {
			[]act{delta(1, second), word(1, "ab", 100, 900), done(1), delta(2, second), word(2, "cd", 1100, 1900), done(2)},
			[]string{"ab of 0 at 100 to 900", "cd of 1 at 1100 to 1900"},
		},
		"from the item's, which is long": {
			[]act{delta(1, second), word(1, "ab", 100, 900), done(1), delta(2, 5*second), word(2, "c", 100, 900), word(2, "d", 4000, 4500), done(2)},
			[]string{"ab of 0 at 100 to 900", "c of 1 at 1100 to 1900", "d of 1 at 5000 to 5500"},
		},
		"before their audio, and before the item before has ended": {
			[]act{word(1, "ab", 100, 900), delta(1, second), word(2, "cd", 100, 900), delta(1, second), done(1), delta(2, second), done(2)},
			[]string{"ab of 0 at 100 to 900", "cd of 1 at 2100 to 2900"},
		},
		"after their item's end": {
			[]act{delta(1, second), done(1), delta(2, second), word(1, "ab", 100, 900), word(2, "cd", 100, 900), done(2)},
			[]string{"ab of 0 at 100 to 900", "cd of 1 at 1100 to 1900"},
		},
		"after those of the next item": {
			[]act{delta(1, second), done(1), delta(2, second), word(2, "cd", 100, 900), word(1, "ab", 100, 900), done(2)},
			[]string{"cd of 1 at 1100 to 1900", "ab of 1 at 1100 to 1100"},
		},
		"backwards": {
			[]act{delta(1, second), word(1, "a", 500, 900), word(1, "b", 100, 200), done(1)},
			[]string{"a of 0 at 500 to 900", "b of 0 at 500 to 500"},
		},
		"of an item without audio": {[]act{word(1, "ab", 100, 900), done(1), word(1, "ab", 1, 2)}, []string{"ab of 0 at 1 to 2"}},
		"of an item that ends within a sample": {
			[]act{raw(1, make([]byte, 47999)), word(1, "ab", 100, 900), done(1), delta(2, second), word(2, "cd", 0, 900), done(2)},
			[]string{"ab of 0 at 100 to 900", "cd of 1 at 1000 to 1900"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{began: time.Now(), clock: upstream.Clock{Format: format}}
				r := newReader(t, d)
				for _, act := range append(slices.Clone(order), c.acts...) {
					act(t, r)
				}
				var got []string
				for _, line := range d.lines {
					if _, word, _ := strings.Cut(line, " ms: "); strings.Contains(word, " of ") {
						got = append(got, word)
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("got %q\nwant %q", got, c.want)
				}
				r.first.fail(&upstream.Error{Kind: upstream.Dropped})
			})
		})
	}
}
