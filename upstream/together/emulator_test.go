package together

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/upstreamtest"
)

const (
	seeds   = upstreamtest.Seeds
	goodKey = "tg_secret"
)

// emulation is a provider before an emulator that takes the good key.
type emulation struct {
	*testing.T
	provider *provider
	server   *emulator.Server
}

// emulated runs a test in a bubble for each of the first seeds.
func emulated(t *testing.T, seeds uint64, o emulator.Options, test func(*emulation)) {
	t.Helper()
	for seed := range seeds {
		o.Seed = seed
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { emulate(t, o, defaults(), goodKey, test) })
		})
	}
}

// emulate runs a test, with a provider that has a key.
func emulate(t *testing.T, o emulator.Options, cfg Config, key upstream.Secret, test func(*emulation)) {
	t.Helper()
	o.APIKey = goodKey
	server, err := emulator.New("together", o)
	if err != nil {
		t.Fatal(err)
	}
	client, stop := upstreamtest.Serve(server)
	defer stop()
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("seed %d: %s", o.Seed, server.Quirks())
		}
	}()
	p, err := open(cfg, upstream.Env{Name: "together", URL: upstreamtest.URL, APIKey: key, HTTP: client, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }() // never fails
	test(&emulation{t, p, server})
}

// line is a stream and its sink.
type line struct {
	*upstreamtest.Sink
	stream upstream.Stream
}

// open opens a stream of that id.
func (e *emulation) open(id string) (*line, error) {
	req := request()
	req.ID = id
	l := &line{Sink: upstreamtest.NewSink(e, goodKey, "tg_wrong")}
	var err error
	l.stream, err = e.provider.Open(e.Context(), req, l.Sink)
	return l, err
}

// close closes the stream, with a second to do so.
func (e *emulation) close(l *line, cause error) {
	e.Helper()
	if err := l.Close(func(cause error) error { return l.stream.Close(within(e.T, time.Second), cause) }, cause); err != nil {
		e.Errorf("Close: %v", err)
	}
}

// say speaks pieces to their end.
func (e *emulation) say(id string, texts ...string) upstreamtest.Heard {
	e.Helper()
	l, err := e.open(id)
	if err != nil {
		return upstreamtest.Heard{Err: err}
	}
	for i, text := range texts {
		if err := l.stream.Speak(e.Context(), upstream.Piece{ID: i, Text: text, Last: i == len(texts)-1}); err != nil {
			break // a fault has come before the last piece was ordered
		}
	}
	select {
	case <-l.Ended():
	case <-time.After(time.Minute):
		e.Error("no End")
	}
	e.close(l, nil)
	return l.Heard()
}

// checkWhole checks that all of the texts has been spoken, and is where the words' times say.
func (e *emulation) checkWhole(h upstreamtest.Heard, texts ...string) {
	e.Helper()
	vocabulary := voice.Words(strings.Join(texts, " "))
	if got := e.words(h.Audio, vocabulary); h.Err != nil || !slices.Equal(got, vocabulary) {
		e.Errorf("End: %v; heard %q\nwant %q", h.Err, got, vocabulary)
	}
	for i := range texts {
		if len(h.Pieces) != len(texts) || h.Pieces[i] != i {
			e.Fatalf("got piece ends %v, want %d", h.Pieces, len(texts))
		}
	}
	if len(h.Words) != len(vocabulary) {
		e.Errorf("got times of %d words, want %d", len(h.Words), len(vocabulary))
	}
	for _, w := range h.Words {
		if got := e.words(between(h.Audio, w.Start, w.End), vocabulary); !slices.Equal(got, voice.Words(w.Text)) {
			e.Errorf("at the times of %q (piece %d, %v to %v) one hears %q", w.Text, w.Piece, w.Start, w.End, got)
		}
		if !slices.Contains(voice.Words(texts[w.Piece]), voice.Words(w.Text)[0]) {
			e.Errorf("%q is said to be of piece %d", w.Text, w.Piece)
		}
	}
}

// between is the audio between two times, and a little around them.
func between(raw []byte, start, end time.Duration) []byte {
	const margin = 10 * time.Millisecond
	from := 2 * int(audio.Samples(max(start-margin, 0), format.Rate))
	to := min(2*int(audio.Samples(end+margin, format.Rate)), len(raw))
	return raw[min(from, to):to]
}

// words are what is heard in audio.
func (e *emulation) words(raw []byte, vocabulary []string) []string {
	e.Helper()
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(raw[2*i]) | uint16(raw[2*i+1])<<8)
	}
	words, err := voice.Decode(pcm, format.Rate, vocabulary)
	if err != nil {
		e.Error(err)
	}
	return words
}

func fox() []string {
	return []string{"Our quick brown fox jumps.", "Over the lazy dog it goes,", "and home again!"}
}

// TestEmulatorSpeaksEveryWord takes turns, on one socket where it is kept, at a speaker's pace and at once.
func TestEmulatorSpeaksEveryWord(t *testing.T) {
	for _, pace := range []float64{0, 1} {
		t.Run(fmt.Sprint("pace ", pace), func(t *testing.T) {
			emulated(t, seeds, emulator.Options{Pace: pace}, func(e *emulation) {
				for turn := range 3 {
					e.checkWhole(e.say(fmt.Sprint("turn-", turn), fox()...), fox()...)
				}
				if st := e.server.Stats(); st.Sockets != 1 {
					e.Logf("three turns took %d sockets", st.Sockets)
				}
			})
		})
	}
}

// TestEmulatorSpeaksAsTextComes has text whose end becomes known later than its last words, and pauses between.
func TestEmulatorSpeaksAsTextComes(t *testing.T) {
	emulated(t, seeds, emulator.Options{Pace: 20}, func(e *emulation) {
		l, err := e.open("g")
		if err != nil {
			e.Fatal(err)
		}
		for i, text := range append(fox(), "") {
			if err := l.stream.Speak(e.Context(), upstream.Piece{ID: i, Text: text, Last: text == ""}); err != nil {
				e.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			if got := len(l.Heard().Pieces); got != i+1 {
				e.Fatalf("%d pieces have ended, want %d", got, i+1)
			}
		}
		<-l.Ended()
		e.close(l, nil)
		h := l.Heard()
		h.Pieces = h.Pieces[:len(h.Pieces)-1]
		e.checkWhole(h, fox()...)
	})
}

// TestEmulatorMayMakeSeveralItemsOfACommit has several sentences in a commit, and longer pauses before each item than
// the quiet period.
func TestEmulatorMayMakeSeveralItemsOfACommit(t *testing.T) {
	texts := []string{"Our quick brown fox jumps. Over they go! Was that a dog?", "No. It is lazy.", "And so home again, then. Sleep well."}
	emulated(t, seeds, emulator.Options{FirstAudio: 400 * time.Millisecond, Pace: 20}, func(e *emulation) {
		for turn := range 2 {
			e.checkWhole(e.say(fmt.Sprint("turn-", turn), texts...), texts...)
		}
	})
}

// TestEmulatorKeepsStreamsApart speaks many at once, on a socket each until contexts have been named.
func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated(t, seeds/2, emulator.Options{Pace: 10}, func(e *emulation) {
		for wave := range 2 {
			var wg sync.WaitGroup
			for i := range 32 {
				wg.Go(func() {
					text := fmt.Sprintf("word%c said%c twice%c", 'a'+i%26, 'a'+i%26, 'a'+i/26)
					e.checkWhole(e.say(fmt.Sprint("wave-", wave, "-", i), text), text)
				})
			}
			wg.Wait()
		}
		if st := e.server.Stats(); st.MaxOpenSockets > 32 {
			e.Errorf("got %d sockets at once", st.MaxOpenSockets)
		}
	})
}

// TestEmulatorIsSpentBeforeItsContextsAre takes more turns than a socket has contexts.
func TestEmulatorIsSpentBeforeItsContextsAre(t *testing.T) {
	emulated(t, seeds/4, emulator.Options{}, func(e *emulation) {
		for turn := range contextsInAll + 20 {
			if h := e.say(fmt.Sprint("turn-", turn), "Yes."); h.Err != nil {
				e.Fatalf("turn %d: %v", turn, h.Err)
			}
		}
		if st := e.server.Stats(); st.Sockets < 2 {
			e.Errorf("got %d sockets for %d contexts", st.Sockets, contextsInAll+20)
		}
	})
}
