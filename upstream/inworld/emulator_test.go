package inworld

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

// emulated has half of the seeds with streams that share sockets.
var emulated = emulatortest.Subject{
	Vendor: "inworld",
	Open: func(seed uint64, env upstream.Env) (upstream.Provider, error) {
		return open(sharing(1+3*int(seed%2)), env)
	},
	Request: request,
	Key:     "aW53b3JsZF9zZWNyZXQ=",
	Accepts: "aW53b3JsZF9zZWNyZXQ=",
	Bubble:  true,
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.WAV, Rate: 48000},
		{Encoding: audio.ALaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 22050},
	}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = outputs[r.Options.Seed%uint64(len(outputs))]
		h := r.Say(req, emulatortest.Sentences()...)
		r.WantWhole(h, req.Output, formats...)
		r.WantTimes(h, emulatortest.Sentences()...)
	})
}

// TestEmulatorIsAskedForEachTextOnce compares what the vendor charges for, by the character, with what was ordered: all pieces
// in one context.
func TestEmulatorIsAskedForEachTextOnce(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		r.Say(r.Request, emulatortest.Sentences()...)
		r.AwaitCancels(0)
		st := r.Server.Stats()
		if len(st.Streams) != 1 || !st.Streams[0].Over {
			r.Fatalf("got contexts %+v, want one that is over", st.Streams)
		}
		if want := emulatortest.Sentences(); !slices.Equal(st.Streams[0].Texts, want) {
			r.Errorf("the vendor got %q, want %q", st.Streams[0].Texts, want)
		}
	})
}

// A text of more than the vendor takes at once goes out in parts, and ends as one piece. It takes long to listen to, so that few seeds do.
func TestEmulatorSpeaksALongPiece(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("One more word and then another. ", 40)) // 1279 characters
	emulated.FirstSeeds(t, 2, emulator.Options{}, func(r *emulatortest.Rig) {
		h := r.Say(r.Request, long, "The end.")
		r.WantWords(h, long+" The end.")
		r.WantPieces(h, 2)
		r.WantTimes(h, long, "The end.")
	})
}

// A text that pauses for minutes is spoken on.
func TestEmulatorOutlastsAPause(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		l.MustOrder(false, emulatortest.Sentences()[0])
		time.Sleep(15 * time.Minute)
		l.MustOrder(true, emulatortest.Sentences()[1:]...)
		r.WantWords(l.Finish(), emulatortest.Text())
	})
}

// A cancel in mid-speech is confirmed, by a vendor that knows the command and by one that does not.
func TestEmulatorIsToldToStop(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
		r.Interrupt(false, emulatortest.Text(), emulatortest.Text())
		r.AwaitIdle()
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(32, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

// TestEmulatorRefusesAWrongKey has the vendor say so in every way that it may.
func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("d3Jvbmc=").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

// TestEmulatorsFaults has each of them on every seed, but those that take time.
func TestEmulatorsFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"refuse:401":       upstream.AuthFailed,
		"refuse:402":       upstream.NoCredit,
		"refuse:429":       upstream.Throttled,
		"refuse:503":       upstream.ConnectFailed,
		"drop:100ms":       upstream.Dropped,
		"garbage:100ms":    upstream.Garbled,
		"close:1000:100ms": upstream.Dropped,
		"close:1011:100ms": upstream.UpstreamError,
		"close:1013:100ms": upstream.ConnectFailed,
		"error:3":          upstream.Rejected,
		"error:8:100ms":    upstream.Throttled,
		"error:13:100ms":   upstream.UpstreamError,
		"error:14":         upstream.UpstreamError,
		"odd_chunks":       "",
		"late:100ms":       "",
		"empty":            "",
		"wrong_length":     "",
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Fault: emulatortest.Fault(t, fault)}
			emulated.EachSeed(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

// TestEmulatorStalls has the vendor fall silent: the stream waits, and can be stopped.
func TestEmulatorStalls(t *testing.T) {
	stall := emulator.Fault{Kind: emulator.Stall, After: 100 * time.Millisecond}
	emulated.EachSeed(t, emulator.Options{Fault: stall}, func(r *emulatortest.Rig) {
		r.Stall(20*time.Millisecond, time.Second, emulatortest.Sentences()[0])
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { emulated.RequestIDs(t, "drop:200ms", "") }

// Inworld charges characters, not bytes; of a context that is cancelled all that it has begun to speak.
func TestEmulatorCharges(t *testing.T) {
	price := billing.Price{Unit: billing.Character, Amount: "0.000035"}
	texts := []string{"Zwölf Boxkämpfer jagen Viktor.", "你好，世界！", "Et puis voilà 🙂 la fin."}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		r.WantBill(price, r.Say(r.Request, texts...), texts...)
	})
	emulated.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) { r.WantBillOfStopped(price, emulatortest.Text()) })
}
