package wyoming

import (
	"testing"

	"voicerelay/billing"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

var emulated = emulatortest.Subject{
	Vendor:  "wyoming",
	Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
	Request: testRequest,
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		h := r.Say(r.Request, emulatortest.Sentences()...)
		r.WantBill(billing.Price{Unit: billing.Character, Amount: "0"}, h, emulatortest.Sentences()...) // nobody charges anything
		r.WantWords(h, emulatortest.Text())
		r.WantPieces(h, len(emulatortest.Sentences()))
		r.AwaitCancels(0)
	})
}

// A cancel in mid-speech reaches the server, and its connection goes with it.
func TestEmulatorStops(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.Interrupt(true, emulatortest.Text(), emulatortest.Text())
		r.AwaitIdle()
		r.Await("no socket is open", func(st emulator.Stats) bool { return st.OpenSockets == 0 })
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(15, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

// Each fault ends a stream as what it is.
func TestEmulatorFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":               upstream.Dropped,
		"garbage:200ms":            upstream.Garbled,
		"error:VoiceNotFoundError": upstream.Rejected,
		"odd_chunks":               "",
		"empty":                    upstream.NoAudio,
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Seed: 5, Fault: emulatortest.Fault(t, fault)}
			emulated.Run(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}
