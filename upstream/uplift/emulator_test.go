package uplift

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

const goodKey upstream.Secret = "sk_api_emulated"

// emulated is a provider with a key before an emulator that takes the key above.
func emulated(t *testing.T, o emulator.Options, cfg Config, key upstream.Secret) (*provider, *emulator.Server) {
	t.Helper()
	o.APIKey = goodKey.Reveal()
	server, err := emulator.New("uplift", o)
	if err != nil {
		t.Fatal(err)
	}
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := open(cfg, upstream.Env{Name: "uplift", URL: url, APIKey: key, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Close() // never fails
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s, seed %d: %s", cfg.Transport, o.Seed, server.Quirks())
		}
	})
	return p, server
}

// eachSeed runs a test for all seeds, on the two transports in turn.
func eachSeed(t *testing.T, test func(t *testing.T, o emulator.Options, cfg Config)) {
	t.Helper()
	for seed := range uint64(seeds) {
		for _, transport := range transports {
			t.Run(fmt.Sprintf("seed %d %s", seed, transport), func(t *testing.T) {
				test(t, emulator.Options{Seed: seed}, over(transport))
			})
		}
	}
}

// say speaks pieces to their end.
func say(t *testing.T, p *provider, req upstream.Request, texts ...string) upstreamtest.Heard {
	t.Helper()
	sink := upstreamtest.NewSink(t, goodKey.Reveal())
	s, err := p.Open(t.Context(), req, sink)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	for i, text := range texts {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: text, Last: i == len(texts)-1}); err != nil {
			t.Logf("Speak: %v", err) // the stream may have ended
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

var sentences = []string{"Our quick brown fox jumps.", "Over the lazy dog it goes,", "and home again!"}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.ALaw, Rate: 8000},
		{Encoding: audio.WAV, Rate: 48000},
		{Encoding: audio.PCM16, Rate: 22050},
	}
	want := voice.Words(strings.Join(sentences, " "))
	eachSeed(t, func(t *testing.T, o emulator.Options, cfg Config) {
		if o.Seed%2 == 1 {
			o.Pace = 20 // slow enough for requests to come in among each other
		}
		p, server := emulated(t, o, cfg, goodKey)
		req := request1
		req.Output = outputs[o.Seed%uint64(len(outputs))]
		h := say(t, p, req, sentences...)
		if h.Err != nil {
			t.Fatalf("End: %v", h.Err)
		}
		if h.Format != audio.Nearest(req.Output, formats) {
			t.Errorf("got %v, want the nearest to %v", h.Format, req.Output)
		}
		if got := heard(t, h, want); !slices.Equal(got, want) {
			t.Errorf("heard %q\nwant %q", got, want)
		}
		if !slices.Equal(h.Pieces, []int{0, 1, 2}) {
			t.Errorf("got piece ends %v, want all three", h.Pieces)
		}
		if h.Usage.Charge.Known() {
			t.Errorf("got charge %+v of a vendor that tells none", h.Usage.Charge)
		}
		if st := server.Stats(); st.MaxOpenSockets != 1 || len(st.Streams) != len(sentences) {
			t.Errorf("got %d sockets and %d requests, want 1 and a request a piece", st.MaxOpenSockets, len(st.Streams))
		}
	})
}

// TestEmulatorHearsWordsAsTheyCome has a piece for each word, and one stream behind the other in one conversation.
func TestEmulatorHearsWordsAsTheyCome(t *testing.T) {
	p, server := emulated(t, emulator.Options{Seed: 5}, defaults, goodKey)
	want := voice.Words(strings.Join(sentences, " "))
	for i := range 3 {
		req := request1
		req.ID, req.Affinity = fmt.Sprintf("gen-%d", i), "conversation"
		h := say(t, p, req, append(strings.Fields(strings.Join(sentences, " ")), "")...)
		if got := heard(t, h, want); !slices.Equal(got, want) || h.Err != nil {
			t.Errorf("heard %q and %v\nwant %q", got, h.Err, want)
		}
		if len(h.Pieces) != len(want)+1 {
			t.Errorf("got %d piece ends, want %d", len(h.Pieces), len(want)+1)
		}
	}
	if st := server.Stats(); st.Sockets > 6 {
		t.Errorf("got %d sockets for 39 requests", st.Sockets)
	}
}

func TestEmulatorStopsWithinMoments(t *testing.T) {
	var took []time.Duration // from Close to the vendor
	eachSeed(t, func(t *testing.T, o emulator.Options, cfg Config) {
		o.Pace = 5
		p, server := emulated(t, o, cfg, goodKey)
		sink := upstreamtest.NewSink(t, goodKey.Reveal())
		s, err := p.Open(t.Context(), request1, sink)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range sentences[:2] {
			if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: text}); err != nil {
				t.Fatal(err)
			}
		}
		server.WaitFor(func(st emulator.Stats) bool { return len(st.Streams) == 2 && st.Streams[0].Audio > 0 }, 5*time.Second)
		began := time.Now()
		cause := &upstream.Error{Kind: upstream.Canceled, Message: "barge-in"}
		if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, cause); err != nil {
			t.Errorf("Close: %v", err)
		}
		if !server.WaitFor(func(st emulator.Stats) bool { return len(st.Cancels) == 2 && st.OpenContexts == 0 }, 5*time.Second) {
			t.Fatalf("got cancels %v, want both requests'", server.Stats().Cancels)
		}
		took = append(took, server.Stats().Cancels[1].At.Sub(began))
		if h := sink.Heard(); h.Err != error(cause) {
			t.Errorf("End: got %v, want the cause", h.Err)
		}
		// What is late of them must not be taken for the next stream's.
		next := request1
		next.ID = "gen-2"
		if h := say(t, p, next, "Yes?"); !slices.Equal(heard(t, h, []string{"yes"}), []string{"yes"}) {
			t.Errorf("heard something else than the next stream, which ended with %v", h.Err)
		}
	})
	slices.Sort(took)
	if median := took[len(took)/2]; median > 20*time.Millisecond {
		t.Errorf("the vendor hears of a cancel after %v, want 20ms at most", median)
	}
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	for _, transport := range transports {
		p, server := emulated(t, emulator.Options{Seed: 3}, over(transport), goodKey)
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				req := request1
				req.ID = fmt.Sprintf("gen-%d", i)
				texts := []string{fmt.Sprintf("word%c said%c", 'a'+i%26, 'a'+i%26), fmt.Sprintf("twice%c", 'a'+i/26)}
				want := voice.Words(strings.Join(texts, " "))
				h := say(t, p, req, texts...)
				if got := heard(t, h, want); !slices.Equal(got, want) || h.Err != nil {
					t.Errorf("stream %d: heard %q and %v, want %q", i, got, h.Err, want)
				}
			})
		}
		wg.Wait()
		if st := server.Stats(); st.MaxOpenContexts > defaults.RequestsPerSocket*st.MaxOpenSockets || st.OpenContexts > 0 {
			t.Errorf("got %d requests at once on %d sockets, %d of them still open", st.MaxOpenContexts, st.MaxOpenSockets, st.OpenContexts)
		}
	}
}

// TestEmulatorIsNeverTooFast orders more pieces than a socket takes in a minute, and cancels as many.
func TestEmulatorIsNeverTooFast(t *testing.T) {
	eachSeed(t, func(t *testing.T, o emulator.Options, cfg Config) {
		if o.Seed > 5 {
			return // windows and what counts in them: four settings
		}
		p, server := emulated(t, o, cfg, goodKey)
		for i := range 75 {
			req := request1
			req.ID = fmt.Sprintf("gen-%d", i)
			if i%3 > 0 {
				if h := say(t, p, req, "Yes.", "No."); h.Err != nil {
					t.Fatalf("stream %d: %v", i, h.Err)
				}
				continue
			}
			sink := upstreamtest.NewSink(t)
			s, err := p.Open(t.Context(), req, sink)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Speak(t.Context(), upstream.Piece{Text: sentences[0]}); err != nil {
				t.Fatal(err)
			}
			_ = sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, errStop) // told or not
		}
		if st := server.Stats(); st.Sockets < 3 {
			t.Errorf("got %d sockets for 125 requests", st.Sockets)
		}
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	eachSeed(t, func(t *testing.T, o emulator.Options, cfg Config) {
		const wrong upstream.Secret = "sk_api_wrong"
		p, _ := emulated(t, o, cfg, wrong)
		_, err := p.Open(t.Context(), request1, upstreamtest.NewSink(t))
		upstreamtest.CheckError(t, err, nil, wrong.Reveal())
		wantKind(t, err, upstream.AuthFailed)
	})
}

func TestEmulatorKeepsSilentAboutAVoice(t *testing.T) {
	eachSeed(t, func(t *testing.T, o emulator.Options, cfg Config) {
		cfg.Silence = 100 * time.Millisecond
		p, _ := emulated(t, o, cfg, goodKey)
		req := request1
		req.Voice = "v_00000000"
		if h := say(t, p, req, sentences...); upstream.KindOf(h.Err) != upstream.NoAudio || h.Frames > 0 {
			t.Errorf("got %v after %d frames, want no_audio", h.Err, h.Frames)
		}
		p.cfg.Silence = defaults.Silence // a busy machine may need it
		req.ID, req.Voice = "gen-2", request1.Voice
		if h := say(t, p, req, sentences...); h.Err != nil {
			t.Errorf("another voice: %v", h.Err)
		}
	})
}

func TestEmulatorFails(t *testing.T) {
	for fault, c := range map[string]struct {
		kind   upstream.Kind
		atOpen bool
	}{
		"refuse:401":                        {upstream.AuthFailed, true},
		"refuse:402":                        {upstream.NoCredit, true},
		"refuse:429":                        {upstream.Throttled, true},
		"refuse:503":                        {upstream.ConnectFailed, true},
		"refuse:4001":                       {upstream.Dropped, true},
		"drop:300ms":                        {upstream.Dropped, false},
		"garbage:300ms":                     {upstream.Garbled, false},
		"close:1011:300ms":                  {upstream.UpstreamError, false},
		"close:4000:300ms":                  {upstream.Dropped, false},
		"error:auth_failed":                 {upstream.AuthFailed, false},
		"error:synthesis_failed:300ms":      {upstream.UpstreamError, false},
		"error:duplicate_request":           {upstream.Rejected, false},
		"error:rate_limit_exceeded:session": {upstream.Throttled, false},
		"error:text_too_long":               {upstream.Rejected, false},
		"error:out_of_credits:session":      {upstream.UpstreamError, false},
		"empty":                             {upstream.NoAudio, false},
		"late:10s":                          {upstream.NoAudio, false},
		"wrong_length":                      {"", false}, // for the listener to judge
		"odd_chunks":                        {"", false},
		"null_cost":                         {"", false},
	} {
		for _, transport := range transports {
			t.Run(transport+" "+fault, func(t *testing.T) {
				parsed, err := emulator.ParseFault(fault)
				if err != nil {
					t.Fatal(err)
				}
				p, server := emulated(t, emulator.Options{Seed: 7, Fault: parsed}, over(transport), goodKey)
				if parsed.Kind == emulator.Late {
					p.cfg.Silence = 100 * time.Millisecond
				}
				if c.atOpen {
					_, err := p.Open(t.Context(), request1, upstreamtest.NewSink(t))
					wantKind(t, err, c.kind)
				} else {
					wantErr(t, say(t, p, request1, sentences...).Err, c.kind)
				}
				server.SetFault(emulator.Fault{})
				p.cfg.Silence = defaults.Silence
				next := request1
				next.ID = "gen-2"
				if h := say(t, p, next, sentences...); h.Err != nil {
					t.Errorf("afterwards: %v", h.Err)
				}
			})
		}
	}
}

// wantErr is wantKind, or no error where the kind is empty.
func wantErr(t *testing.T, err error, kind upstream.Kind) {
	t.Helper()
	if kind != "" || err != nil {
		wantKind(t, err, kind)
	}
}

// TestEmulatorStalls has a vendor that sends no more, which is for others to find out, and one that is slow.
func TestEmulatorStalls(t *testing.T) {
	for _, kind := range []emulator.FaultKind{emulator.Stall, emulator.Slow} {
		for _, transport := range transports {
			fault := emulator.Fault{Kind: kind, After: 300 * time.Millisecond}
			p, server := emulated(t, emulator.Options{Seed: 9, Fault: fault}, over(transport), goodKey)
			sink := upstreamtest.NewSink(t)
			s, err := p.Open(t.Context(), request1, sink)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Speak(t.Context(), upstream.Piece{Text: strings.Join(sentences, " "), Last: true}); err != nil {
				t.Fatal(err)
			}
			if !server.WaitFor(func(st emulator.Stats) bool {
				return len(st.Streams) == 1 && st.Streams[0].Audio >= 100*time.Millisecond
			}, 5*time.Second) {
				t.Errorf("%s: no audio", kind)
			}
			select {
			case <-sink.Ended():
				t.Errorf("%s: ended with %v", kind, sink.Heard().Err)
			case <-time.After(200 * time.Millisecond):
			}
			_ = sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, errStop) // told or not
			if !server.WaitFor(func(st emulator.Stats) bool { return len(st.Cancels) == 1 }, 5*time.Second) {
				t.Errorf("%s: the vendor was not told to stop", kind)
			}
		}
	}
}
