package minimax

import (
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

var emulated = emulatortest.Subject{
	Vendor:  "minimax",
	Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
	Request: testRequest,
	Key:     testKey,
	Accepts: testKey,
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = formats[r.Options.Seed%uint64(len(formats))]
		r.WantWhole(r.Say(req, emulatortest.Sentences()...), req.Output, formats...)
		r.AwaitCancels(0)
	})
}

// A cancel in the middle of the first piece is confirmed, and the socket serves the next stream.
func TestEmulatorStops(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		if _, took := r.Interrupt(true, emulatortest.Text(), emulatortest.Text()); took > time.Second {
			r.Errorf("the vendor took %v to stop", took)
		}
		r.AwaitCancels(1)
		r.WantWords(r.Say(r.Named("next"), "Yes, please."), "Yes, please.")
		if n := r.Server.Stats().Sockets; n != 1 {
			r.Errorf("%d sockets, want the one that was free again", n)
		}
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(12, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("sk-minimax-wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

// Each fault ends a stream as what it is.
func TestEmulatorFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":       upstream.Dropped,
		"garbage:200ms":    upstream.Garbled,
		"close:1011:200ms": upstream.UpstreamError,
		"error:1002:200ms": upstream.Throttled,
		"error:1008":       upstream.NoCredit,
		"error:2054":       upstream.Rejected,
		"error:2204":       upstream.Rejected,
		"error:2205":       upstream.Throttled, // each time
		"refuse:429:3s":    upstream.Throttled,
		"odd_chunks":       "",
		"empty":            "",
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Seed: 5, Fault: emulatortest.Fault(t, fault)}
			emulated.Run(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

// Texts that are left out, since too much is queued, are sent again until they are taken.
func TestEmulatorTakesTextsAgain(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Fault: emulatortest.Fault(t, "error:2205")}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		l.MustOrder(true, emulatortest.Sentences()...)
		r.Await("the flush of what was left out", func(st emulator.Stats) bool { return len(st.Streams) > 2 && st.Streams[2].Over })
		r.Server.SetFault(emulator.Fault{})
		r.WantWhole(l.Finish(), r.Request.Output, formats...)
	})
}

// A text that pauses for minutes is spoken on: pings keep the session.
func TestEmulatorKeepsSessionsThatPause(t *testing.T) {
	inMemory := emulated
	inMemory.Bubble = true
	inMemory.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		l.MustOrder(false, emulatortest.Sentences()...)
		time.Sleep(5 * time.Minute)
		l.MustOrder(true, emulatortest.Sentences()...)
		h := l.Finish()
		r.WantWords(h, emulatortest.Text()+" "+emulatortest.Text())
		r.WantPieces(h, 2*len(emulatortest.Sentences()))
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { emulated.RequestIDs(t, "error:1000:200ms", "connect-1.1") }

// What it is asked for is what it says: the voice in the other formats too.
func TestEmulatorConverts(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 2}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = audio.Format{Encoding: audio.MuLaw, Rate: 8000}
		r.WantWhole(r.Say(req, emulatortest.Sentences()...), req.Output, formats...)
	})
}

// A Chinese character is charged as two, by what the vendor says and by what the relay counts.
func TestEmulatorCharges(t *testing.T) {
	price := billing.Price{Unit: billing.ChineseTwice, Amount: "0.00006"}
	texts := []string{"你好，世界！我们走吧。", "The lazy dog is 懒狗.", "Où est-il ? 完了"}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		h := r.Say(r.Request, texts...)
		if h.Usage.Metered.Characters == 0 {
			r.Error("the vendor's own count is not told")
		}
		r.WantBill(price, h, texts...)
		h.Usage.Metered = upstream.Metered{}
		r.WantBill(price, h, texts...)
	})
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.WantBillOfStopped(price, "Our quick brown fox jumps over the lazy dog and goes on and on until it is home again.")
	})
}
