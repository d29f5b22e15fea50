package kugelaudio

import (
	"math"
	"strconv"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

// emulated has a region before its key, which the vendor does not get.
var emulated = emulatortest.Subject{
	Vendor:  "kugelaudio",
	Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(defaults, env) },
	Request: request,
	Key:     "eu-ka_secret",
	Accepts: "ka_secret",
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.ALaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.WAV, Rate: 48000},
		{Encoding: audio.PCM16, Rate: 22050},
	}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = outputs[r.Options.Seed%uint64(len(outputs))]
		h := r.Say(req, emulatortest.Sentences()...)
		r.WantWords(h, emulatortest.Text())
		r.WantPieces(h, len(emulatortest.Sentences()))
		r.WantFormat(h, req.Output, formats...)
		if len(h.Words) == 0 {
			r.Error("got no word times")
		}
		r.WantSpans(h, emulatortest.Sentences()...)
	})
}

func TestEmulatorIsPaidWhatItSays(t *testing.T) {
	told := 0
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		h := r.Say(r.Request, emulatortest.Sentences()...)
		if h.Err != nil {
			r.Fatalf("End: %v", h.Err)
		}
		charge := h.Usage.Charge
		if !charge.Known() {
			return // some seeds cannot find out
		}
		told++
		cents, err := strconv.ParseFloat(charge.Decimal, 64)
		if err != nil || charge.Scale != -2 || charge.Currency != "EUR" {
			r.Fatalf("got charge %+v", charge)
		}
		// The wire has more digits than the emulator keeps, which rounds half up.
		if got, want := int64(math.Floor(cents*1e4+0.5+1e-6)), r.Server.Stats().Streams[0].Charge; got != want {
			r.Errorf("got %d millionths, want %d", got, want)
		}
	})
	if told == 0 {
		t.Error("no seed told a charge")
	}
}

func TestEmulatorStopsWithinMoments(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 5}, func(r *emulatortest.Rig) {
		_, took := r.Interrupt(r.Options.Seed%2 == 0, emulatortest.Text())
		if took > 2*time.Second {
			r.Errorf("Close took %v", took)
		}
		r.AwaitIdle()
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(32, "wordNAME saidNAME twiceNAME")
		r.AwaitIdle()
		if st := r.Server.Stats(); st.MaxOpenContexts > 6*st.MaxOpenSockets {
			r.Errorf("got %d contexts at once on %d sockets", st.MaxOpenContexts, st.MaxOpenSockets)
		}
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("ka_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		l, err := r.TryOpen(r.Request)
		if err == nil { // let in, only to be told by a close code
			err = l.Finish().Err
		}
		r.WantKind(err, upstream.AuthFailed)
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) {
	emulated.RequestIDs(t, "error:INTERNAL_ERROR:200ms", "req-emulated")
}
