package elevenlabs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

// emulatedDialogue is the vendor with a model of the third generation.
var emulatedDialogue = func() emulatortest.Subject {
	s := emulated
	s.Request = dialogueRequest
	return s
}()

func TestEmulatedDialogueSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.PCM16, Rate: 22050},
	}
	emulatedDialogue.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = outputs[r.Options.Seed%uint64(len(outputs))]
		h := r.Say(req, emulatortest.Sentences()...)
		r.WantWhole(h, req.Output, formats...)
		r.WantTimes(h, emulatortest.Sentences()...)
		r.WantBill(billing.Price{Unit: billing.Character, Amount: "0.0001"}, h, emulatortest.Sentences()...)
		var texts []string
		for _, s := range r.Server.Stats().Streams {
			texts = append(texts, s.Texts...)
		}
		if want := emulatortest.Sentences(); !slices.Equal(texts, want) {
			r.Errorf("the vendor got %q, want %q", texts, want)
		}
	})
}

// A cancel closes the socket, and what the vendor has of the text is spoken no further.
func TestEmulatedDialogueStops(t *testing.T) {
	emulatedDialogue.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		_, took := r.Interrupt(false, emulatortest.Text(), emulatortest.Text())
		if took > 100*time.Millisecond {
			r.Errorf("the order to stop took %v", took)
		}
		r.Await("no socket is open", func(st emulator.Stats) bool { return st.OpenSockets == 0 })
	})
}

// A dialogue is kept for longer than the vendor waits for a text.
func TestEmulatedDialogueWaits(t *testing.T) {
	emulatedDialogue.Run(t, emulator.Options{Seed: 2}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		for i, text := range emulatortest.Sentences() {
			l.MustOrder(i == 2, text)
			time.Sleep(50 * time.Second)
		}
		r.WantWords(l.Finish(), strings.Join(emulatortest.Sentences(), " "))
	})
}

func TestEmulatedDialogueKeepsStreamsApart(t *testing.T) {
	emulatedDialogue.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(15, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

func TestEmulatedDialogueFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":                 upstream.Dropped,
		"garbage:200ms":              upstream.Garbled,
		"close:1013:200ms":           upstream.ConnectFailed,
		"error:quota_exceeded:200ms": upstream.NoCredit,
		"error:system_busy":          upstream.Throttled,
		"refuse:429:3s":              upstream.Throttled,
		"empty":                      "",
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Seed: 5, Fault: emulatortest.Fault(t, fault)}
			emulatedDialogue.Run(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

func TestEmulatedDialogueRefusesAWrongKey(t *testing.T) {
	emulatedDialogue.WithKey("sk_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}
