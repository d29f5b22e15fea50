package deepgram

import (
	"errors"
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

const goodKey = "dg_secret"

var errStop = errors.New("the test has heard enough")

// emulated is a provider with a key before an emulator that takes goodKey.
func emulated(t *testing.T, o emulator.Options, key upstream.Secret) (*provider, *emulator.Server) {
	t.Helper()
	o.APIKey = goodKey
	server, err := emulator.New("deepgram", o)
	if err != nil {
		t.Fatal(err)
	}
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := open(defaults(), upstream.Env{Name: "deepgram", URL: url, APIKey: key, Log: zerolog.Nop()})
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

// eachSeed runs a test for each seed.
func eachSeed(t *testing.T, o emulator.Options, key upstream.Secret, test func(*testing.T, *provider, *emulator.Server)) {
	for seed := range uint64(upstreamtest.Seeds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			o.Seed = seed
			p, server := emulated(t, o, key)
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

// wantWords checks that what was heard are a text's words, all of them and in order.
func wantWords(t *testing.T, h upstreamtest.Heard, text string) {
	t.Helper()
	pcm := make([]int16, len(h.Audio)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(h.Audio[2*i]) | uint16(h.Audio[2*i+1])<<8)
	}
	want := voice.Words(text)
	got, err := voice.Decode(pcm, h.Format.Rate, want)
	if err != nil || h.Err != nil || !slices.Equal(got, want) {
		t.Errorf("heard %q (%v, End: %v)\nwant %q", got, err, h.Err, want)
	}
}

var sentences = []string{"Our quick brown fox jumps.", "Over the lazy dog it goes,", "and home again!"}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	rates := []int{24000, 8000, 16000, 48000}
	i := 0
	eachSeed(t, emulator.Options{}, goodKey, func(t *testing.T, p *provider, server *emulator.Server) {
		req := testRequest
		req.Output = audio.Format{Encoding: audio.PCM16, Rate: rates[i%len(rates)]}
		i++
		h := say(t, p, req, sentences...)
		wantWords(t, h, strings.Join(sentences, " "))
		if h.Format != req.Output || !slices.Equal(h.Pieces, []int{0, 1, 2}) {
			t.Errorf("got %v and piece ends %v, want %v and all three", h.Format, h.Pieces, req.Output)
		}
		if n := len(server.Stats().Cancels); n != 0 {
			t.Errorf("the vendor was told to stop %d times", n)
		}
	})
}

// A cancel in mid-speech reaches the vendor, and its socket goes with it.
func TestEmulatorStops(t *testing.T) {
	eachSeed(t, emulator.Options{Pace: 2}, goodKey, func(t *testing.T, p *provider, server *emulator.Server) {
		sink := upstreamtest.NewSink(t, goodKey)
		s, err := p.Open(t.Context(), testRequest, sink)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: strings.Join(sentences, " "), Last: i == 1}); err != nil {
				t.Fatal(err)
			}
		}
		server.WaitFor(func(st emulator.Stats) bool { return len(st.Streams) > 0 && st.Streams[0].Audio > 0 }, 5*time.Second)
		if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, errStop); err != nil {
			t.Errorf("Close: %v", err)
		}
		if !server.WaitFor(func(st emulator.Stats) bool { return len(st.Cancels) == 1 }, 5*time.Second) {
			t.Fatalf("told to stop: %v", server.Stats().Cancels)
		}
		if h := sink.Heard(); h.Err != errStop {
			t.Errorf("End: got %v, want the cause", h.Err)
		}
		if !server.WaitFor(func(st emulator.Stats) bool { return st.OpenSockets == 0 }, 5*time.Second) {
			t.Errorf("%d sockets are open", server.Stats().OpenSockets)
		}
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	p, server := emulated(t, emulator.Options{Seed: 3}, goodKey)
	var wg sync.WaitGroup
	for i := range 15 {
		wg.Go(func() {
			req := testRequest
			req.ID = fmt.Sprintf("gen-%d", i)
			word := fmt.Sprintf("word%c", 'a'+i)
			wantWords(t, say(t, p, req, word+" comes first.", "Then "+word+", and the rest."), word+" comes first. Then "+word+", and the rest.")
		})
	}
	wg.Wait()
	if !server.WaitFor(func(st emulator.Stats) bool { return st.OpenContexts == 0 }, 5*time.Second) {
		t.Errorf("%d streams are still open", server.Stats().OpenContexts)
	}
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	eachSeed(t, emulator.Options{}, "dg_wrong", func(t *testing.T, p *provider, _ *emulator.Server) {
		sink := upstreamtest.NewSink(t, "dg_wrong")
		s, err := p.Open(t.Context(), testRequest, sink)
		if err == nil { // let in, only to be told
			_ = s.Speak(t.Context(), upstream.Piece{Text: sentences[0], Last: true}) // it may have ended
			<-sink.Ended()
			err = sink.Heard().Err
			_ = s.Close(t.Context(), nil) // it has ended
		}
		if upstream.KindOf(err) != upstream.AuthFailed {
			t.Errorf("got %v, want auth_failed", err)
		}
	})
}

// Each fault ends a stream as what it is.
func TestEmulatorFaults(t *testing.T) {
	const after = 200 * time.Millisecond
	for name, tt := range map[string]struct {
		fault emulator.Fault
		want  upstream.Kind // empty: it is spoken all the same
	}{
		"drop":    {emulator.Fault{Kind: emulator.Drop, After: after}, upstream.Dropped},
		"garbage": {emulator.Fault{Kind: emulator.Garbage, After: after}, upstream.Garbled},
		"close":   {emulator.Fault{Kind: emulator.CloseCode, Code: 1011, After: after}, upstream.UpstreamError},
		"error":   {emulator.Fault{Kind: emulator.ErrorFrame, Name: "NET-0000", After: after}, upstream.UpstreamError},
		"data":    {emulator.Fault{Kind: emulator.ErrorFrame, Name: "DATA-0000"}, upstream.Rejected},
		"odd":     {emulator.Fault{Kind: emulator.OddChunks}, ""},
		"empty":   {emulator.Fault{Kind: emulator.Empty}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := emulated(t, emulator.Options{Seed: 5, Fault: tt.fault}, goodKey)
			h := say(t, p, testRequest, sentences[0])
			if tt.want != "" && upstream.KindOf(h.Err) != tt.want || tt.want == "" && h.Err != nil {
				t.Errorf("got %v, want %q", h.Err, tt.want)
			}
			if name == "odd" {
				wantWords(t, h, sentences[0])
			}
		})
	}
	p, server := emulated(t, emulator.Options{}, goodKey)
	server.SetFault(emulator.Fault{Kind: emulator.Refuse, Code: 429, After: 3 * time.Second})
	_, err := p.Open(t.Context(), testRequest, upstreamtest.NewSink(t))
	if upstream.KindOf(err) != upstream.Throttled {
		t.Errorf("refused: got %v, want throttled", err)
	}
}
