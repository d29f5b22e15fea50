package vogent

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/upstreamtest"
)

const seeds = upstreamtest.Seeds

const goodKey = "vogent_secret"

// emulated is a provider with a key before an emulator that takes goodKey.
func emulated(t *testing.T, cfg Config, o emulator.Options, key upstream.Secret) (*provider, *emulator.Server) {
	t.Helper()
	o.APIKey = goodKey
	server, err := emulator.New("vogent", o)
	if err != nil {
		t.Fatal(err)
	}
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := open(cfg, upstream.Env{Name: "vogent", URL: url, APIKey: key, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Close() // never fails
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("seed %d: %s", o.Seed, server.Quirks())
		}
	})
	return p, server
}

// eachSeed runs a test for each seed, half of them with streams that share sockets.
func eachSeed(t *testing.T, o emulator.Options, key upstream.Secret, test func(*testing.T, *provider, *emulator.Server)) {
	for seed := range uint64(seeds) {
		cfg := defaults()
		if seed%2 == 1 {
			cfg = sharing(8)
		}
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			o.Seed = seed
			p, server := emulated(t, cfg, o, key)
			test(t, p, server)
		})
	}
}

// say speaks pieces to their end, all ordered at once.
func say(t *testing.T, p *provider, req upstream.Request, texts ...string) upstreamtest.Heard {
	t.Helper()
	sink := upstreamtest.NewSink(t, goodKey)
	s, err := p.Open(t.Context(), req, sink)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	for i, text := range texts {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: text, Last: i == len(texts)-1}); err != nil {
			t.Logf("Speak: %v", err) // a fault may have ended it
		}
	}
	select {
	case <-sink.Ended():
	case <-time.After(20 * time.Second):
		t.Error("no End")
	}
	if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, nil); err != nil {
		t.Errorf("Close: %v", err)
	}
	return sink.Heard()
}

// heard are the words in the audio.
func heard(t *testing.T, h upstreamtest.Heard, vocabulary []string) []string {
	t.Helper()
	pcm := make([]int16, len(h.Audio)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(h.Audio[2*i]) | uint16(h.Audio[2*i+1])<<8)
	}
	words, err := voice.Decode(pcm, h.Format.Rate, vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// wantWords checks that what was heard are a text's words, all of them and in order.
func wantWords(t *testing.T, h upstreamtest.Heard, text string) {
	t.Helper()
	want := voice.Words(text)
	if h.Err != nil {
		t.Errorf("End: %v", h.Err)
	}
	if got := heard(t, h, want); !slices.Equal(got, want) {
		t.Errorf("heard %q\nwant %q", got, want)
	}
}

var sentences = []string{"Our quick brown fox jumps.", "Over the lazy dog it goes,", "and home again!"}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.WAV, Rate: 48000},
		{Encoding: audio.PCM16, Rate: 22050},
	}
	i := 0
	eachSeed(t, emulator.Options{}, goodKey, func(t *testing.T, p *provider, _ *emulator.Server) {
		req := request
		req.Output = outputs[i%len(outputs)]
		i++
		h := say(t, p, req, sentences...)
		wantWords(t, h, strings.Join(sentences, " "))
		if h.Format != audio.Nearest(req.Output, formats) {
			t.Errorf("got %v, want the nearest to %v", h.Format, req.Output)
		}
		if !slices.Equal(h.Pieces, []int{0, 1, 2}) {
			t.Errorf("got piece ends %v, want all three", h.Pieces)
		}
		if h.Usage.Charge.Known() {
			t.Errorf("got charge %+v of a vendor that tells none", h.Usage.Charge)
		}
		checkSpans(t, h)
	})
}

// checkSpans checks that there is a time for each word, and that the audio between is that word.
func checkSpans(t *testing.T, h upstreamtest.Heard) {
	t.Helper()
	all := voice.Words(strings.Join(sentences, " "))
	if len(h.Words) != len(all) {
		t.Errorf("got times of %d words, want %d: %+v", len(h.Words), len(all), h.Words)
		return
	}
	const margin = 10 * time.Millisecond
	for i, w := range h.Words {
		from := int(audio.Samples(max(w.Start-margin, 0), h.Format.Rate)) * 2
		to := min(int(audio.Samples(w.End+margin, h.Format.Rate))*2, len(h.Audio))
		if from >= to {
			t.Errorf("%q at %v to %v lies beyond the audio", w.Text, w.Start, w.End)
			continue
		}
		part := upstreamtest.Heard{Format: h.Format, Audio: h.Audio[from:to]}
		if got := heard(t, part, all); !slices.Equal(got, all[i:i+1]) {
			t.Errorf("at the times of %q (piece %d, %v to %v) one hears %q", w.Text, w.Piece, w.Start, w.End, got)
		}
		if !slices.Contains(voice.Words(sentences[w.Piece]), all[i]) {
			t.Errorf("%q is said to be of piece %d", w.Text, w.Piece)
		}
	}
}

// TestEmulatorIsAskedForEachTextOnce compares what the vendor charges for, by the character, with what was ordered.
func TestEmulatorIsAskedForEachTextOnce(t *testing.T) {
	eachSeed(t, emulator.Options{}, goodKey, func(t *testing.T, p *provider, server *emulator.Server) {
		say(t, p, request, sentences...)
		var texts []string
		for _, s := range server.Stats().Streams {
			texts = append(texts, s.Texts...)
			if !s.Over {
				t.Errorf("generation %s is not over", s.ID)
			}
		}
		if !slices.Equal(texts, sentences) {
			t.Errorf("the vendor got %q, want %q", texts, sentences)
		}
		if n := len(server.Stats().Cancels); n != 0 {
			t.Errorf("the vendor was told to stop %d times", n)
		}
	})
}

// TestEmulatorTakesAWholeConversation has a client's generations of one context follow each other, some cut off.
func TestEmulatorTakesAWholeConversation(t *testing.T) {
	eachSeed(t, emulator.Options{}, goodKey, func(t *testing.T, p *provider, server *emulator.Server) {
		for turn := range 6 {
			req := request
			req.ID, req.Affinity = fmt.Sprintf("turn%d", turn), "session/call"
			if turn%2 == 0 {
				wantWords(t, say(t, p, req, sentences[:2]...), strings.Join(sentences[:2], " "))
				continue
			}
			sink := upstreamtest.NewSink(t, goodKey)
			s, err := p.Open(t.Context(), req, sink)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Speak(t.Context(), upstream.Piece{Text: sentences[0]}); err != nil {
				t.Fatal(err)
			}
			if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, errStop); err != nil {
				t.Errorf("Close: %v", err)
			}
			if q := server.Quirks(); strings.Contains(q, "errorCloses:true") && strings.Contains(q, "cancelAnswer:error") {
				// It closes the socket for the cancel: who comes sooner is taken along, and has to be spoken elsewhere.
				server.WaitFor(func(st emulator.Stats) bool { return st.OpenSockets == 0 }, 5*time.Second)
			}
		}
		if st := server.Stats(); st.MaxOpenSockets > 2 {
			t.Errorf("one conversation had %d sockets at once", st.MaxOpenSockets)
		}
	})
}

// TestEmulatorStopsWithinMoments cancels two pieces at once. That a busy machine is late now and then is no fault; that
// nothing is waited for is what the suite checks, on fake time.
func TestEmulatorStopsWithinMoments(t *testing.T) {
	late := 0
	eachSeed(t, emulator.Options{Pace: 2}, goodKey, func(t *testing.T, p *provider, server *emulator.Server) {
		sink := upstreamtest.NewSink(t, goodKey)
		s, err := p.Open(t.Context(), request, sink)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: strings.Join(sentences, " "), Last: i == 1}); err != nil {
				t.Fatal(err)
			}
		}
		server.WaitFor(func(st emulator.Stats) bool { return len(st.Streams) > 0 && st.Streams[0].Audio > 0 }, 5*time.Second)
		began := time.Now()
		if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, errStop); err != nil {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("Close took %v, want it not to wait", took)
		}
		// A vendor that answers the first with an error and closes behind it never reads the second.
		if !server.WaitFor(func(st emulator.Stats) bool { return st.OpenContexts == 0 && len(st.Cancels) > 0 }, 5*time.Second) {
			t.Fatalf("%d generations are still open, and %v were told to stop", server.Stats().OpenContexts, server.Stats().Cancels)
		}
		for _, c := range server.Stats().Cancels {
			if c.At.Sub(began) > 20*time.Millisecond {
				late++
			}
		}
		if h := sink.Heard(); h.Err != errStop {
			t.Errorf("End: got %v, want the cause", h.Err)
		}
	})
	if late > seeds/4 {
		t.Errorf("the vendor heard of %d of %d cancels after more than 20ms", late, 2*seeds)
	}
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	for _, cfg := range []Config{sharing(1), sharing(8)} {
		p, server := emulated(t, cfg, emulator.Options{Seed: 3}, goodKey)
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				req := request
				req.ID = fmt.Sprintf("gen-%d", i)
				word := fmt.Sprintf("word%c", 'a'+i)
				wantWords(t, say(t, p, req, word+" comes first.", "Then "+word+", and the rest."), word+" comes first. Then "+word+", and the rest.")
			})
		}
		wg.Wait()
		if !server.WaitFor(func(st emulator.Stats) bool { return st.OpenContexts == 0 }, 5*time.Second) {
			t.Errorf("%d generations are still open", server.Stats().OpenContexts)
		}
		if st := server.Stats(); st.MaxOpenContexts > 2*cfg.StreamsPerSocket*st.MaxOpenSockets {
			t.Errorf("got %d generations at once on %d sockets", st.MaxOpenContexts, st.MaxOpenSockets)
		}
	}
}

// TestEmulatorRefusesAWrongKey has the vendor say so in every way that it may. One that says nothing and closes as if it
// had failed can't be told from one that has.
func TestEmulatorRefusesAWrongKey(t *testing.T) {
	told := 0
	eachSeed(t, emulator.Options{}, "vogent_wrong", func(t *testing.T, p *provider, server *emulator.Server) {
		sink := upstreamtest.NewSink(t, "vogent_wrong")
		s, err := p.Open(t.Context(), request, sink)
		if err == nil { // let in, only to be told
			<-sink.Ended()
			err = sink.Heard().Err
			_ = s.Close(t.Context(), nil) // it has ended
		}
		upstreamtest.CheckError(t, err, nil, "vogent_wrong")
		quirks := server.Quirks()
		want := upstream.AuthFailed
		if strings.Contains(quirks, "authBy:close") && strings.Contains(quirks, "closeCode:1011") {
			want = upstream.UpstreamError
		}
		if upstream.KindOf(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if want == upstream.AuthFailed {
			told++
		}
	})
	if told < seeds/2 {
		t.Errorf("only %d of %d seeds tell that the key is wrong", told, seeds)
	}
}

// TestEmulatorsFaults has each of them on every seed, but those that take time.
func TestEmulatorsFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"refuse:401":                           upstream.AuthFailed,
		"refuse:402":                           upstream.NoCredit,
		"refuse:429":                           upstream.Throttled,
		"refuse:503":                           upstream.ConnectFailed,
		"refuse:1013":                          upstream.ConnectFailed,
		"drop:100ms":                           upstream.Dropped,
		"garbage:100ms":                        upstream.Garbled,
		"close:1000:100ms":                     upstream.Dropped,
		"close:1001:100ms":                     upstream.Dropped,
		"close:1008:100ms":                     upstream.Dropped,
		"close:1011:100ms":                     upstream.Dropped,
		"close:1012:100ms":                     upstream.Dropped,
		"close:1013:100ms":                     upstream.ConnectFailed,
		"error:failed to generate audio:100ms": upstream.UpstreamError,
		"error:rate limit exceeded":            upstream.Throttled,
		"error:insufficient credits":           upstream.NoCredit,
		"error:voice not found":                upstream.Rejected,
		"error:internal server error:session":  upstream.UpstreamError,
		"error:too many concurrent requests":   upstream.Throttled,
		"odd_chunks":                           "",
		"late:100ms":                           "",
		"empty":                                "",
		"wrong_length":                         "",
	} {
		t.Run(fault, func(t *testing.T) {
			f, err := emulator.ParseFault(fault)
			if err != nil {
				t.Fatal(err)
			}
			eachSeed(t, emulator.Options{Fault: f}, goodKey, func(t *testing.T, p *provider, _ *emulator.Server) { meet(t, p, f, want) })
		})
	}
}

// meet speaks a text that meets a fault.
func meet(t *testing.T, p *provider, f emulator.Fault, want upstream.Kind) {
	sink := upstreamtest.NewSink(t, goodKey)
	s, err := p.Open(t.Context(), request, sink)
	if err == nil {
		for i, text := range sentences {
			_ = s.Speak(t.Context(), upstream.Piece{ID: i, Text: text, Last: i == len(sentences)-1}) // a fault may have ended it
		}
		select {
		case <-sink.Ended():
		case <-time.After(20 * time.Second):
			t.Error("no End")
		}
		if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, nil); err != nil {
			t.Errorf("Close: %v", err)
		}
		err = sink.Heard().Err
	}
	upstreamtest.CheckError(t, err, nil, goodKey)
	switch {
	case want != "":
		if err == nil || upstream.KindOf(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	case f.Kind == emulator.Empty || f.Kind == emulator.WrongLength: // for the relay to find out
		if err != nil {
			t.Errorf("End: %v", err)
		}
	default:
		wantWords(t, sink.Heard(), strings.Join(sentences, " "))
	}
}

// TestEmulatorIsSlow has one word at half of real time.
func TestEmulatorIsSlow(t *testing.T) {
	p, _ := emulated(t, defaults(), emulator.Options{Fault: emulator.Fault{Kind: emulator.Slow}}, goodKey)
	wantWords(t, say(t, p, request, "Slow!"), "Slow!")
}

// TestEmulatorStalls has the vendor fall silent: the stream waits, and can be stopped.
func TestEmulatorStalls(t *testing.T) {
	eachSeed(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.Stall, After: 100 * time.Millisecond}}, goodKey,
		func(t *testing.T, p *provider, server *emulator.Server) {
			sink := upstreamtest.NewSink(t, goodKey)
			s, err := p.Open(t.Context(), request, sink)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Speak(t.Context(), upstream.Piece{Text: sentences[0], Last: true}); err != nil {
				t.Fatal(err)
			}
			server.WaitFor(func(st emulator.Stats) bool { return len(st.Streams) > 0 && st.Streams[0].Audio > 0 }, 5*time.Second)
			select {
			case <-sink.Ended():
				t.Errorf("ended by itself: %v", sink.Heard().Err)
			case <-time.After(50 * time.Millisecond):
			}
			if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, errStop); err != nil {
				t.Errorf("Close: %v", err)
			}
			if !server.WaitFor(func(st emulator.Stats) bool { return len(st.Cancels) == 1 }, 5*time.Second) {
				t.Error("the vendor was not told to stop")
			}
		})
}
