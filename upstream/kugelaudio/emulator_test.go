package kugelaudio

import (
	"fmt"
	"math"
	"slices"
	"strconv"
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

// emulated is a provider with a key before an emulator that takes the key ka_secret.
func emulated(t *testing.T, o emulator.Options, key upstream.Secret) (*provider, *emulator.Server) {
	t.Helper()
	o.APIKey = "ka_secret"
	server, err := emulator.New("kugelaudio", o)
	if err != nil {
		t.Fatal(err)
	}
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := open(defaults, upstream.Env{Name: "kugelaudio", URL: url, APIKey: key, Log: zerolog.Nop()})
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

// goodKey has a region before it, which the vendor does not get.
const goodKey = "eu-ka_secret"

// say speaks pieces to their end.
func say(t *testing.T, p *provider, req upstream.Request, texts ...string) upstreamtest.Heard {
	t.Helper()
	sink := upstreamtest.NewSink(t, "ka_secret")
	s, err := p.Open(t.Context(), req, sink)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	for i, text := range texts {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: text, Last: i == len(texts)-1}); err != nil {
			t.Fatalf("Speak: %v", err)
		}
	}
	select {
	case <-sink.Ended():
	case <-time.After(20 * time.Second):
		t.Fatal("no End")
	}
	if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, nil); err != nil {
		t.Errorf("Close: %v", err)
	}
	return sink.Heard()
}

// heard are the words in audio of a linear or G.711 format.
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
	words, err := voice.Decode(pcm, to.Rate, vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

var spoken = []string{"Our quick brown fox jumps.", "Over the lazy dog it goes,", "and home again!"}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.ALaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.WAV, Rate: 48000},
		{Encoding: audio.PCM16, Rate: 22050},
	}
	want := voice.Words(strings.Join(spoken, " "))
	for seed := range uint64(seeds) {
		output := outputs[seed%uint64(len(outputs))]
		t.Run(fmt.Sprintf("seed %d %s", seed, output), func(t *testing.T) {
			p, _ := emulated(t, emulator.Options{Seed: seed}, goodKey)
			req := request
			req.Output = output
			h := say(t, p, req, spoken...)
			if h.Err != nil {
				t.Fatalf("End: %v", h.Err)
			}
			if h.Format != audio.Nearest(output, formats) {
				t.Errorf("got %v, want the nearest to %v", h.Format, output)
			}
			if got := heard(t, h, want); !slices.Equal(got, want) {
				t.Errorf("heard %q\nwant %q", got, want)
			}
			if !slices.Equal(h.Pieces, []int{0, 1, 2}) {
				t.Errorf("got piece ends %v, want all three", h.Pieces)
			}
			checkSpans(t, h)
		})
	}
}

// checkSpans checks that the audio between a word's times is that word.
func checkSpans(t *testing.T, h upstreamtest.Heard) {
	t.Helper()
	if len(h.Words) == 0 {
		t.Error("got no word times")
	}
	size := h.Format.BytesPerSample()
	margin := 10 * time.Millisecond
	for _, w := range h.Words {
		from := int(audio.Samples(max(w.Start-margin, 0), h.Format.Rate)) * size
		to := min(int(audio.Samples(w.End+margin, h.Format.Rate))*size, len(h.Audio))
		if from >= to {
			t.Errorf("%q at %v to %v lies beyond the audio", w.Text, w.Start, w.End)
			continue
		}
		part := upstreamtest.Heard{Format: h.Format, Audio: h.Audio[from:to]}
		if got := heard(t, part, voice.Words(strings.Join(spoken, " "))); !slices.Equal(got, voice.Words(w.Text)) {
			t.Errorf("at the times of %q (piece %d, %v to %v) one hears %q", w.Text, w.Piece, w.Start, w.End, got)
		}
		if !slices.Contains(voice.Words(spoken[w.Piece]), voice.Words(w.Text)[0]) {
			t.Errorf("%q is said to be of piece %d", w.Text, w.Piece)
		}
	}
}

func TestEmulatorIsPaidWhatItSays(t *testing.T) {
	told := 0
	for seed := range uint64(seeds) {
		p, server := emulated(t, emulator.Options{Seed: seed}, goodKey)
		h := say(t, p, request, spoken...)
		charge := h.Usage.Charge
		if !charge.Known() {
			continue // some seeds cannot find out
		}
		told++
		cents, err := strconv.ParseFloat(charge.Decimal, 64)
		if err != nil || charge.Scale != -2 || charge.Currency != "EUR" {
			t.Fatalf("seed %d: got charge %+v", seed, charge)
		}
		// The wire has more digits than the emulator keeps, which rounds half up.
		if got, want := int64(math.Floor(cents*1e4+0.5+1e-6)), server.Stats().Streams[0].Charge; got != want {
			t.Errorf("seed %d: got %d millionths, want %d", seed, got, want)
		}
	}
	if told == 0 {
		t.Error("no seed told a charge")
	}
}

func TestEmulatorStopsWithinMoments(t *testing.T) {
	for seed := range uint64(seeds) {
		p, server := emulated(t, emulator.Options{Seed: seed, Pace: 5}, goodKey)
		sink := upstreamtest.NewSink(t, "ka_secret")
		s, err := p.Open(t.Context(), request, sink)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Speak(t.Context(), upstream.Piece{Text: strings.Join(spoken, " "), Last: seed%2 == 0}); err != nil {
			t.Fatal(err)
		}
		server.WaitFor(func(st emulator.Stats) bool { return len(st.Streams) > 0 && st.Streams[0].Audio > 0 }, 5*time.Second)
		began := time.Now()
		cause := &upstream.Error{Kind: upstream.Canceled, Message: "barge-in"}
		if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, cause); err != nil {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("seed %d: Close took %v", seed, took)
		}
		if !server.WaitFor(func(st emulator.Stats) bool { return st.OpenContexts == 0 }, 5*time.Second) {
			t.Errorf("seed %d: the context is still open", seed)
		}
		if h := sink.Heard(); h.Err != error(cause) {
			t.Errorf("seed %d: End: got %v, want the cause", seed, h.Err)
		}
	}
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	p, server := emulated(t, emulator.Options{Seed: 3}, goodKey)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			req := request
			req.ID = fmt.Sprintf("gen-%d", i)
			text := fmt.Sprintf("word%c said%c twice%c", 'a'+i%26, 'a'+i%26, 'a'+i/26)
			want := voice.Words(text)
			h := say(t, p, req, text)
			if got := heard(t, h, want); !slices.Equal(got, want) {
				t.Errorf("stream %d: heard %q, want %q", i, got, want)
			}
		})
	}
	wg.Wait()
	if !server.WaitFor(func(st emulator.Stats) bool { return st.OpenContexts == 0 }, 5*time.Second) {
		t.Errorf("%d contexts are still open", server.Stats().OpenContexts)
	}
	if st := server.Stats(); st.MaxOpenContexts > 6*st.MaxOpenSockets {
		t.Errorf("got %d contexts at once on %d sockets", st.MaxOpenContexts, st.MaxOpenSockets)
	}
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	for seed := range uint64(seeds) {
		p, _ := emulated(t, emulator.Options{Seed: seed}, "ka_wrong")
		sink := upstreamtest.NewSink(t, "ka_wrong")
		s, err := p.Open(t.Context(), request, sink)
		if err == nil { // let in, only to be told by a close code
			<-sink.Ended()
			err = sink.Heard().Err
			_ = s.Close(t.Context(), nil) // it has ended
		}
		upstreamtest.CheckError(t, err, nil, "ka_wrong")
		if upstream.KindOf(err) != upstream.AuthFailed {
			t.Errorf("seed %d: got %v, want auth_failed", seed, err)
		}
	}
}
