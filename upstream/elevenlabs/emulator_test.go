package elevenlabs

import (
	"context"
	"errors"
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

const seeds = upstreamtest.Seeds

const goodKey = "sk_secret"

// emulated is a provider with a key before an emulator that takes goodKey, in memory and so within a bubble.
func emulated(t *testing.T, cfg Config, o emulator.Options, key upstream.Secret) (*provider, *emulator.Server) {
	t.Helper()
	o.APIKey = goodKey
	server, err := emulator.New("elevenlabs", o)
	if err != nil {
		t.Fatal(err)
	}
	client, stop := upstreamtest.Serve(server)
	p, err := open(cfg, upstream.Env{Name: "elevenlabs", URL: upstreamtest.URL, APIKey: key, HTTP: client, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Close() // never fails
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		stop()
		if t.Failed() {
			t.Logf("seed %d: %s", o.Seed, server.Quirks())
		}
	})
	return p, server
}

// eachSeed runs a test for each seed, half of them with streams that share sockets.
func eachSeed(t *testing.T, o emulator.Options, key upstream.Secret, test func(*testing.T, *provider, *emulator.Server)) {
	for seed := range uint64(seeds) {
		cfg := sharing(1)
		if seed%2 == 1 {
			cfg = sharing(2)
		}
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o.Seed = seed
				p, server := emulated(t, cfg, o, key)
				test(t, p, server)
			})
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
	to := audio.Format{Encoding: audio.PCM16, Rate: h.Format.Rate}
	conv, err := audio.NewConverter(h.Format, to)
	if err != nil {
		t.Fatal(err)
	}
	raw := conv.Flush(conv.Convert(nil, h.Audio))
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(raw[2*i]) | uint16(raw[2*i+1])<<8)
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
		from := int(audio.Samples(max(w.Start-margin, 0), h.Format.Rate)) * h.Format.BytesPerSample()
		to := min(int(audio.Samples(w.End+margin, h.Format.Rate))*h.Format.BytesPerSample(), len(h.Audio))
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
			if !s.Over {
				t.Errorf("context %s is not over", s.ID)
			}
			if text := strings.TrimSpace(strings.Join(s.Texts, "")); text != "" {
				texts = append(texts, text)
			}
		}
		if !slices.Equal(texts, sentences) {
			t.Errorf("the vendor got %q, want %q", texts, sentences)
		}
	})
}

// errBarge is why the tests cancel.
var errBarge = errors.New("barge-in")

// cancel opens a stream, orders pieces, and closes it after a while.
func cancel(t *testing.T, p *provider, id string, after time.Duration, texts ...string) {
	t.Helper()
	req := request
	req.ID = id
	sink := upstreamtest.NewSink(t, goodKey)
	s, err := p.Open(t.Context(), req, sink)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(after)
	ctx, done := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer done()
	if err := sink.Close(func(cause error) error { return s.Close(ctx, cause) }, errBarge); err != nil {
		t.Errorf("Close: %v", err)
	}
	if h := sink.Heard(); !errors.Is(h.Err, errBarge) {
		t.Errorf("End: got %v, want the cause", h.Err)
	}
}

// TestEmulatorIsNeverSentASixthContext has many cancels in a row on few sockets, with speech between them: a context too
// many would end what is spoken beside it.
func TestEmulatorIsNeverSentASixthContext(t *testing.T) {
	eachSeed(t, emulator.Options{}, goodKey, func(t *testing.T, p *provider, server *emulator.Server) {
		for turn := range 8 {
			cancel(t, p, fmt.Sprintf("cancelled-%d", turn), time.Duration(turn)*time.Millisecond, sentences...)
			req := request
			req.ID = fmt.Sprintf("whole-%d", turn)
			wantWords(t, say(t, p, req, sentences[:2]...), strings.Join(sentences[:2], " "))
		}
		if !server.WaitFor(func(st emulator.Stats) bool { return st.OpenContexts == 0 }, 5*time.Second) {
			t.Errorf("%d contexts are still open", server.Stats().OpenContexts)
		}
		if st := server.Stats(); st.MaxOpenSockets > 4 {
			t.Errorf("one stream at a time had %d sockets at once", st.MaxOpenSockets)
		}
	})
}

// TestEmulatorIsToldToStop cancels in mid-speech, at the vendor's pace.
func TestEmulatorIsToldToStop(t *testing.T) {
	eachSeed(t, emulator.Options{Pace: 4}, goodKey, func(t *testing.T, p *provider, server *emulator.Server) {
		began := time.Now()
		const after = 100 * time.Millisecond
		cancel(t, p, "gen", after, sentences[0], sentences[1])
		if took := time.Since(began); took > after+300*time.Millisecond {
			t.Errorf("Close took %v, want no more than its context's 300ms", took)
		}
		if !server.WaitFor(func(st emulator.Stats) bool { return st.OpenContexts == 0 }, 10*time.Second) {
			t.Errorf("%d contexts are still open", server.Stats().OpenContexts)
		}
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	for _, cfg := range []Config{sharing(1), sharing(2)} {
		synctest.Test(t, func(t *testing.T) {
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
			if st := server.Stats(); st.MaxOpenContexts > underWay*cfg.StreamsPerSocket*st.MaxOpenSockets {
				t.Errorf("got %d contexts at once on %d sockets", st.MaxOpenContexts, st.MaxOpenSockets)
			}
		})
	}
}

// failure speaks to its end and gives what that is.
func failure(t *testing.T, p *provider, key string) (upstreamtest.Heard, error) {
	t.Helper()
	sink := upstreamtest.NewSink(t, key)
	s, err := p.Open(t.Context(), request, sink)
	if err != nil {
		upstreamtest.CheckError(t, err, nil, key)
		return upstreamtest.Heard{}, err
	}
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
	return sink.Heard(), sink.Heard().Err
}

// TestEmulatorRefusesAWrongKey has the vendor say so in every way that it may.
func TestEmulatorRefusesAWrongKey(t *testing.T) {
	eachSeed(t, emulator.Options{}, "sk_wrong", func(t *testing.T, p *provider, server *emulator.Server) {
		if _, err := failure(t, p, "sk_wrong"); upstream.KindOf(err) != upstream.AuthFailed {
			t.Errorf("got %v, want auth_failed", err)
		}
	})
}

// TestEmulatorsFaults has each of them on every seed, but those that take time.
func TestEmulatorsFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"refuse:401":                         upstream.AuthFailed,
		"refuse:402":                         upstream.NoCredit,
		"refuse:429":                         upstream.Throttled,
		"refuse:502":                         upstream.ConnectFailed,
		"drop:100ms":                         upstream.Dropped,
		"garbage:100ms":                      upstream.Garbled,
		"close:1000:100ms":                   upstream.Dropped,
		"close:1008:100ms":                   upstream.UpstreamError,
		"close:1011:100ms":                   upstream.UpstreamError,
		"close:1013:100ms":                   upstream.ConnectFailed,
		"error:input_timeout_exceeded:100ms": upstream.Dropped,
		"error:quota_exceeded":               upstream.NoCredit,
		"error:voice_not_found":              upstream.Rejected,
		"error:system_busy":                  upstream.Throttled,
		"error:max_active_conversations":     upstream.Throttled,
		"error:authentication_required":      upstream.AuthFailed,
		"odd_chunks":                         "",
		"late:100ms":                         "",
		"empty":                              "",
		"wrong_length":                       "",
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
	heard, err := failure(t, p, goodKey)
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
		wantWords(t, heard, strings.Join(sentences, " "))
	}
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
			case <-time.After(20 * time.Millisecond):
			}
			ctx, done := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer done()
			if err := sink.Close(func(cause error) error { return s.Close(ctx, cause) }, errBarge); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
}

// sharing are the default options but for the streams that share a socket.
func sharing(streams int) Config {
	cfg := defaults()
	cfg.StreamsPerSocket = streams
	return cfg
}
