package deepgram

import (
	"testing"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

var emulated = emulatortest.Subject{
	Vendor:  "deepgram",
	Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
	Request: testRequest,
	Key:     "dg_secret",
	Accepts: "dg_secret",
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	rates := []int{24000, 8000, 16000, 32000, 48000}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = audio.Format{Encoding: audio.PCM16, Rate: rates[r.Options.Seed%uint64(len(rates))]}
		r.WantWhole(r.Say(req, emulatortest.Sentences()...), req.Output, req.Output)
		r.AwaitCancels(0)
	})
}

// A cancel in mid-speech reaches the vendor, and its socket goes with it.
func TestEmulatorStops(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.Interrupt(true, emulatortest.Text(), emulatortest.Text())
		r.AwaitCancels(1)
		r.Await("no socket is open", func(st emulator.Stats) bool { return st.OpenSockets == 0 })
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(15, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("dg_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

// Each fault ends a stream as what it is.
func TestEmulatorFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":           upstream.Dropped,
		"garbage:200ms":        upstream.Garbled,
		"close:1011:200ms":     upstream.UpstreamError,
		"error:NET-0000:200ms": upstream.UpstreamError,
		"error:DATA-0000":      upstream.Rejected,
		"refuse:429:3s":        upstream.Throttled,
		"odd_chunks":           "",
		"empty":                "",
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Seed: 5, Fault: emulatortest.Fault(t, fault)}
			emulated.Run(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { emulated.RequestIDs(t, "error:NET-0000:200ms", "") }

func TestEmulatorNamesARefusal(t *testing.T) { emulated.RefusedID(t, "dg_wrong", "request-") }
