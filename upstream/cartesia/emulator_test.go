package cartesia

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/emulatortest"
)

var emulated = emulatortest.Subject{
	Vendor:  "cartesia",
	Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
	Request: testRequest,
	Key:     "sk_car_secret",
	Accepts: "sk_car_secret",
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	rates := []int{24000, 8000, 16000, 22050, 44100, 48000}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = audio.Format{Encoding: audio.PCM16, Rate: rates[r.Options.Seed%uint64(len(rates))]}
		h := r.Say(req, emulatortest.Sentences()...)
		r.WantWhole(h, req.Output, req.Output)
		var told []string
		for _, w := range h.Words {
			told = append(told, w.Text)
			if limit := audio.Duration(int64(len(h.Audio)/2), h.Format.Rate) + time.Millisecond; w.End > limit {
				r.Errorf("%+v ends after all audio, %v", w, limit)
			}
		}
		if want := voice.Words(emulatortest.Text()); !slices.Equal(voice.Words(strings.Join(told, " ")), want) {
			r.Errorf("got times of %q, want %q", told, want)
		}
		r.AwaitCancels(0)
	})
}

// A cancel in the middle of the first piece reaches the vendor, whose second piece is never ordered.
func TestEmulatorStops(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.Interrupt(true, emulatortest.Text(), emulatortest.Text())
		r.AwaitCancels(1)
		if got := len(r.Server.Stats().Streams); got != 1 {
			r.Errorf("%d contexts, want the first piece's alone", got)
		}
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(15, "wordNAME comes first.", "Then wordNAME, and the rest.") // the most that the largest plan allows
		r.AwaitIdle()
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("sk_car_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

// Each fault ends a stream as what it is.
func TestEmulatorFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":                      upstream.Dropped,
		"garbage:200ms":                   upstream.Garbled,
		"close:1011:200ms":                upstream.UpstreamError,
		"error:concurrency_limited:200ms": upstream.Throttled,
		"error:model_not_found":           upstream.Rejected,
		"refuse:429:3s":                   upstream.Throttled,
		"odd_chunks":                      "",
		"empty":                           "",
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Seed: 5, Fault: emulatortest.Fault(t, fault)}
			emulated.Run(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

// Pieces that come without a pause are one context; after a pause another one begins, before the first expires.
func TestEmulatorJoinsPieces(t *testing.T) {
	inMemory := emulated
	inMemory.Bubble = true
	inMemory.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		l.MustOrder(false, emulatortest.Sentences()...)
		time.Sleep(30 * time.Second)
		l.MustOrder(true, emulatortest.Sentences()...)
		h := l.Finish()
		r.WantWords(h, emulatortest.Text()+" "+emulatortest.Text())
		if n := len(r.Server.Stats().Streams); n != 2 {
			r.Errorf("%d contexts, want one before the pause and one after it", n)
		}
		if want := 2 * len(emulatortest.Sentences()); len(h.Pieces) != want {
			r.Errorf("%d pieces ended, want %d", len(h.Pieces), want)
		}
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { emulated.RequestIDs(t, "error:internal:200ms", "req_1") }
