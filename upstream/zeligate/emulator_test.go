package zeligate

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/upstreamtest"
)

const seeds = upstreamtest.Seeds

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

// vocabulary are the words of all pieces.
func vocabulary() []string { return voice.Words(strings.Join(spoken, " ")) }

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := append(slices.Clone(formats), audio.Format{Encoding: audio.WAV, Rate: 24000}, audio.Format{Encoding: audio.PCMF32, Rate: 16000})
	want := vocabulary()
	for seed := range uint64(seeds) {
		output := outputs[seed%uint64(len(outputs))]
		synctest.Test(t, func(t *testing.T) {
			cfg := defaults
			if seed%2 == 1 {
				cfg.Auth = authQuery
			}
			b := emulated(t, emulator.Options{Seed: seed}, cfg, goodKey)
			req := request
			req.Output = output
			h := b.say(req, spoken...)
			if h.Err != nil {
				t.Fatalf("seed %d, %s: %v", seed, output, h.Err)
			}
			if h.Format != audio.Nearest(output, formats) {
				t.Errorf("seed %d: got %v, want the nearest to %v", seed, h.Format, output)
			}
			if got := heard(t, h, want); !slices.Equal(got, want) {
				t.Errorf("seed %d, %s: heard %q\nwant %q", seed, output, got, want)
			}
			if h.Usage.Charge.Known() {
				t.Errorf("got a charge of a vendor that tells none: %+v", h.Usage.Charge)
			}
			st := b.server.Stats()
			if len(st.Streams) != 1 || st.Sockets != 1 {
				t.Errorf("got %d streams on %d sockets, want one on one", len(st.Streams), st.Sockets)
			}
		})
	}
}

// TestEmulatorSpeaksWhatComesLate has a language model that stops to think, for longer than a vendor may wait for text
// where it is not kept alive, and ends without a word more.
func TestEmulatorSpeaksWhatComesLate(t *testing.T) {
	for seed := range uint64(seeds) {
		synctest.Test(t, func(t *testing.T) {
			b := emulated(t, emulator.Options{Seed: seed}, defaults, goodKey)
			l := b.begin(request)
			bytes := 0
			for _, text := range spoken {
				l.order(false, text)
				time.Sleep(25 * time.Second)
				if len(l.Heard().Audio) == bytes {
					t.Fatalf("seed %d: %q is not spoken without more text", seed, text)
				}
				bytes = len(l.Heard().Audio)
			}
			l.order(true, "")
			h := l.finish()
			if got, want := heard(t, h, vocabulary()), vocabulary(); h.Err != nil || !slices.Equal(got, want) {
				t.Errorf("seed %d: heard %q and %v, want %q", seed, got, h.Err, want)
			}
			if st := b.server.Stats(); st.Streams[0].KeepAlives < 6 {
				t.Errorf("seed %d: got %d keep-alives in 75 s, want one each 10 s", seed, st.Streams[0].KeepAlives)
			}
		})
	}
}

func TestEmulatorStopsAtOnce(t *testing.T) {
	for seed := range uint64(seeds) {
		synctest.Test(t, func(t *testing.T) {
			b := emulated(t, emulator.Options{Seed: seed, Pace: 1}, defaults, goodKey)
			l := b.begin(request)
			l.order(seed%2 == 0, strings.Join(spoken, " "))
			time.Sleep(1500 * time.Millisecond)
			if l.Heard().Frames == 0 {
				t.Fatalf("seed %d: no audio", seed)
			}
			began := time.Now()
			l.closeWith(errStop)
			synctest.Wait()
			if open := b.server.Stats().OpenSockets; open != 0 || time.Since(began) != 0 {
				t.Errorf("seed %d: %d sockets are open %v after the cancel", seed, open, time.Since(began))
			}
			if h := l.Heard(); h.Err != error(errStop) {
				t.Errorf("seed %d: End: got %v, want the cause", seed, h.Err)
			}
		})
	}
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			b := emulated(t, emulator.Options{Seed: seed}, defaults, goodKey)
			var wg sync.WaitGroup
			for i := range 32 {
				wg.Go(func() {
					req := request
					req.ID = fmt.Sprintf("gen-%d", i)
					text := fmt.Sprintf("word%c said%c twice%c", 'a'+i%26, 'a'+i%26, 'a'+i/26)
					want := voice.Words(text)
					h := b.say(req, text)
					if got := heard(t, h, want); h.Err != nil || !slices.Equal(got, want) {
						t.Errorf("stream %d: heard %q and %v, want %q", i, got, h.Err, want)
					}
				})
			}
			wg.Wait()
			if st := b.server.Stats(); st.Sockets != 32 || len(st.Streams) != 32 {
				t.Errorf("got %d sockets and %d streams, want 32 of each", st.Sockets, len(st.Streams))
			}
			if !b.server.WaitFor(func(st emulator.Stats) bool { return st.OpenSockets == 0 }, 5*time.Second) {
				t.Errorf("%d sockets are still open", b.server.Stats().OpenSockets)
			}
		})
	}
}

// TestEmulatorRefusesAWrongKey: a vendor that says nothing, and closes with a code that says nothing either, tells no
// wrong key from a fault of its own.
func TestEmulatorRefusesAWrongKey(t *testing.T) {
	for _, place := range []authPlace{authBOS, authQuery} {
		told := 0
		for seed := range uint64(seeds) {
			synctest.Test(t, func(t *testing.T) {
				cfg := defaults
				cfg.Auth = place
				b := emulated(t, emulator.Options{Seed: seed}, cfg, badKey)
				got := upstream.KindOf(b.fails(request))
				mute := strings.Contains(b.server.Quirks(), "telling:bare") && !strings.Contains(b.server.Quirks(), "closeCode:1008")
				if got == upstream.AuthFailed {
					told++
				} else if !mute || !upstream.Policies[got].Trips {
					t.Errorf("%s, seed %d: got %s, want auth_failed: %s", place, seed, got, b.server.Quirks())
				}
			})
		}
		if told < seeds/2 {
			t.Errorf("%s: only %d seeds told a wrong key", place, told)
		}
	}
}

// fails speaks to a failure, at the opening or later.
func (b *bench) fails(req upstream.Request) error {
	b.t.Helper()
	l := &line{Sink: upstreamtest.NewSink(b.t, goodKey, badKey), t: b.t}
	var err error
	if l.stream, err = b.Open(b.t.Context(), req, l); err != nil {
		upstreamtest.CheckError(b.t, err, nil, goodKey, badKey)
		return err
	}
	l.order(true, spoken...)
	if err = l.finish().Err; err == nil {
		b.t.Errorf("no error: %s", b.server.Quirks())
	}
	return err
}

func TestEmulatorFails(t *testing.T) {
	for fault, want := range map[string][]upstream.Kind{
		"refuse:401":                  {upstream.AuthFailed},
		"refuse:404":                  {upstream.Rejected},
		"refuse:429":                  {upstream.Throttled},
		"refuse:503":                  {upstream.UpstreamError},
		"drop:200ms":                  {upstream.Dropped},
		"garbage:200ms":               {upstream.Garbled},
		"close:1000:200ms":            {upstream.Dropped},
		"close:1001:200ms":            {upstream.Dropped},
		"close:1008:200ms":            {upstream.Rejected},
		"close:1011:200ms":            {upstream.UpstreamError},
		"close:1012:200ms":            {upstream.Dropped},
		"close:1013:200ms":            {upstream.ConnectFailed},
		"error:model_loading:200ms":   {upstream.UpstreamError, upstream.Rejected, upstream.Dropped}, // the latter where a close is all
		"error:invalid_api_key:200ms": {upstream.AuthFailed, upstream.Rejected, upstream.Dropped, upstream.UpstreamError},
	} {
		parsed, err := emulator.ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(8) {
			synctest.Test(t, func(t *testing.T) {
				b := emulated(t, emulator.Options{Seed: seed, Fault: parsed}, defaults, goodKey)
				got := upstream.KindOf(b.fails(request))
				bare := strings.Contains(b.server.Quirks(), "telling:bare")
				if !slices.Contains(want, got) || !bare && got != want[0] {
					t.Errorf("%s, seed %d: got %s, want %s: %s", fault, seed, got, want[0], b.server.Quirks())
				}
			})
		}
	}
}

// TestEmulatorFalters has faults that are no failure to the adapter: the relay's deadlines and counts find them.
func TestEmulatorFalters(t *testing.T) {
	const text = "Short words."
	for fault, want := range map[string][]string{
		"odd_chunks":   voice.Words(text),
		"null_cost":    voice.Words(text),
		"slow":         voice.Words(text),
		"late:10s":     voice.Words(text),
		"empty":        nil,
		"wrong_length": nil, // or little more
	} {
		parsed, err := emulator.ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(8) {
			synctest.Test(t, func(t *testing.T) {
				b := emulated(t, emulator.Options{Seed: seed, Fault: parsed}, defaults, goodKey)
				h := b.say(request, text)
				if h.Err != nil {
					t.Errorf("%s, seed %d: %v", fault, seed, h.Err)
				}
				if want == nil {
					if ms := len(h.Audio) / 48; ms > 100 {
						t.Errorf("%s, seed %d: got %d ms of audio", fault, seed, ms)
					}
					return
				}
				if got := heard(t, h, want); !slices.Equal(got, want) {
					t.Errorf("%s, seed %d: heard %q, want %q", fault, seed, got, want)
				}
			})
		}
	}
}

// TestEmulatorStalls has the vendor fall silent in the middle: the stream waits, until it is closed.
func TestEmulatorStalls(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			fault := emulator.Fault{Kind: emulator.Stall, After: 100 * time.Millisecond}
			b := emulated(t, emulator.Options{Seed: seed, Fault: fault}, defaults, goodKey)
			l := b.begin(request)
			l.order(true, spoken...)
			time.Sleep(10 * time.Second)
			l.closeWith(errStop)
			if h := l.Heard(); h.Frames == 0 || h.Err != error(errStop) {
				t.Errorf("seed %d: got %d frames and %v, want some and the cause", seed, h.Frames, h.Err)
			}
		})
	}
}
