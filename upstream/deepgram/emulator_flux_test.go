package deepgram

import (
	"testing"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

// fluxEmulated is the vendor's second protocol.
var fluxEmulated = func() emulatortest.Subject {
	s := emulated
	s.Request = fluxRequest
	return s
}()

// character is what the emulated vendor charges for one.
var character = billing.Price{Unit: billing.Character, Amount: "0.00003"}

// Flux says each word, and charges for what it says that it charges for.
func TestEmulatedFluxSpeaksEveryWord(t *testing.T) {
	rates := []int{24000, 8000, 16000, 32000, 48000}
	fluxEmulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = audio.Format{Encoding: audio.PCM16, Rate: rates[r.Options.Seed%uint64(len(rates))]}
		h := r.Say(req, emulatortest.Sentences()...)
		r.WantWhole(h, req.Output, req.Output)
		r.AwaitCancels(0)
		if h.Usage.Metered.Characters == 0 {
			r.Error("the vendor's own count is not told")
		}
		r.WantBill(character, h, emulatortest.Sentences()...)
	})
}

func TestEmulatedFluxStops(t *testing.T) {
	fluxEmulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.Interrupt(true, emulatortest.Text(), emulatortest.Text())
		r.AwaitCancels(1)
		r.Await("no socket is open", func(st emulator.Stats) bool { return st.OpenSockets == 0 })
	})
}

func TestEmulatedFluxKeepsStreamsApart(t *testing.T) {
	fluxEmulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(15, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

func TestEmulatedFluxFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":           upstream.Dropped,
		"garbage:200ms":        upstream.Garbled,
		"close:1011:200ms":     upstream.UpstreamError,
		"error:NET-0000:200ms": upstream.UpstreamError,
		"error:DATA-0000":      upstream.Rejected,
		"refuse:429:3s":        upstream.Throttled,
		"odd_chunks":           "",
		"empty":                upstream.NoAudio,
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Seed: 5, Fault: emulatortest.Fault(t, fault)}
			fluxEmulated.Run(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

func TestEmulatedFluxRefusesAWrongKey(t *testing.T) {
	fluxEmulated.WithKey("dg_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

func TestEmulatedFluxRequestIDs(t *testing.T) { fluxEmulated.RequestIDs(t, "error:NET-0000:200ms", "") }
