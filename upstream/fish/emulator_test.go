package fish

import (
	"testing"
	"time"

	"voicerelay/billing"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

var emulated = emulatortest.Subject{
	Vendor:  "fish",
	Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
	Request: testRequest,
	Key:     testKey,
	Accepts: testKey,
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = formats[r.Options.Seed%uint64(len(formats))]
		h := r.Say(req, emulatortest.Sentences()...)
		r.WantWhole(h, req.Output, formats...)
		r.WantTimes(h, emulatortest.Sentences()...)
	})
}

// A barge-in closes the socket, which stops the vendor.
func TestEmulatorStops(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.Interrupt(true, emulatortest.Text(), emulatortest.Text())
		r.AwaitIdle()
		r.Await("no socket is open", func(st emulator.Stats) bool { return st.OpenSockets == 0 })
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(concurrent, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("fish-wrong-key").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

// Each fault ends a stream as what it is.
func TestEmulatorFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":       upstream.Dropped,
		"garbage:200ms":    upstream.Garbled,
		"close:1011:200ms": upstream.UpstreamError,
		"error:200ms":      upstream.UpstreamError,
		"refuse:402":       upstream.NoCredit,
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

// A piece that nothing follows is over soon, whatever the vendor tells of its words.
func TestEmulatorEndsPiecesThatPause(t *testing.T) {
	inMemory := emulated
	inMemory.Bubble = true
	inMemory.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		l.MustOrder(false, emulatortest.Sentences()...)
		time.Sleep(20 * time.Second)
		r.WantPieces(l.Heard(), len(emulatortest.Sentences()))
		l.MustOrder(true, emulatortest.Sentences()...)
		h := l.Finish()
		r.WantWords(h, emulatortest.Text()+" "+emulatortest.Text())
		r.WantPieces(h, 2*len(emulatortest.Sentences()))
	})
}

// Fish charges bytes of UTF-8, of which most letters but English ones take more than one.
func TestEmulatorCharges(t *testing.T) {
	price := billing.Price{Unit: billing.Byte, Amount: "0.000015"}
	texts := []string{"你好，世界！", "Zwölf Boxkämpfer jagen Viktor.", "А потом домой 🙂 снова."}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		r.WantBill(price, r.Say(r.Request, texts...), texts...)
	})
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		r.WantBillOfStopped(price, "Our quick brown fox jumps over the lazy dog and goes on and on until it is home again.")
	})
}
