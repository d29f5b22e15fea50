package assemblyai

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
	"voicerelay/upstream/upstreamtest"
)

var emulated = emulatortest.Subject{
	Vendor:  "assemblyai",
	Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
	Request: testRequest,
	Key:     "aa_secret",
	Accepts: "aa_secret",
	Bubble:  true,
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.ALaw, Rate: 8000},
		{Encoding: audio.WAV, Rate: 48000},
	}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = outputs[r.Options.Seed%uint64(len(outputs))]
		for turn := range 3 {
			req.ID = fmt.Sprint("turn-", turn)
			h := r.Say(req, emulatortest.Sentences()...)
			r.WantWhole(h, req.Output, formats...)
			r.WantTimes(h, emulatortest.Sentences()...)
		}
		r.AwaitCancels(0)
		if st := r.Server.Stats(); st.Sockets != 1 {
			r.Errorf("three turns took %d sockets, want one", st.Sockets)
		}
	})
}

// Text whose end becomes known later than its last words, at a speaker's pace and with pauses longer than a session is kept
// without a word.
func TestEmulatorSpeaksAsTextComes(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 20}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		for i, text := range append(emulatortest.Sentences(), "") {
			l.MustOrder(text == "", text)
			time.Sleep(150 * time.Second)
			if got := len(l.Heard().Pieces); got != i+1 {
				r.Fatalf("%d pieces have ended, want %d", got, i+1)
			}
		}
		h := l.Finish()
		r.WantWords(h, emulatortest.Text())
		r.WantTimes(h, emulatortest.Sentences()...)
	})
}

// Interruptions are confirmed, and the socket's numbers go on: what comes after is heard whole.
func TestEmulatorSpeaksOnAfterInterruptions(t *testing.T) {
	texts := emulatortest.Sentences()[:2]
	emulated.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
		cancels := 0
		for turn := range 6 {
			req := r.Named(fmt.Sprint("turn-", turn))
			if turn%2 == 0 {
				h := r.Say(req, texts...)
				r.WantWords(h, strings.Join(texts, " "))
				r.WantTimes(h, texts...)
				continue
			}
			l := r.Begin(req)
			l.MustOrder(false, texts...)
			time.Sleep(time.Duration(turn) * 100 * time.Millisecond)
			l.Stop(emulatortest.ErrStop)
			l.WantStopped(emulatortest.ErrStop)
			cancels++
			r.AwaitCancels(cancels)
		}
		r.AwaitIdle()
		if st := r.Server.Stats(); st.Sockets != 1 {
			r.Errorf("one conversation took %d sockets, want one", st.Sockets)
		}
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.FirstSeeds(t, min(upstreamtest.Seeds, 8), emulator.Options{Pace: 10}, func(r *emulatortest.Rig) {
		r.KeepApart(15, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

// A text that is longer than the vendor takes at once, and longer than it keeps, is spoken all the same.
func TestEmulatorSpeaksLongTexts(t *testing.T) {
	text := strings.TrimSpace(strings.Repeat("Seven bright yellow lanterns hang above. ", 110)) // 4,500 characters
	emulated.FirstSeeds(t, min(upstreamtest.Seeds, 2), emulator.Options{}, func(r *emulatortest.Rig) {
		h := r.Say(r.Request, text, text, "It ends "+strings.Repeat("-", 200)+" here.")
		if h.Err != nil {
			r.Errorf("End: %v", h.Err)
		}
		r.WantPieces(h, 3)
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("aa_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

// What the vendor does not know is refused before anything is ordered.
func TestEmulatorRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, change := range map[string]func(*upstream.Request){
		"model": func(r *upstream.Request) { r.Model = "assemblyai-tts-9" },
		"voice": func(r *upstream.Request) { r.Voice = "aai-nobody" },
	} {
		emulated.Run(t, emulator.Options{Seed: 1}, func(r *emulatortest.Rig) {
			req := r.Request
			change(&req)
			if _, err := r.TryOpen(req); upstream.KindOf(err) != upstream.Rejected {
				r.Errorf("%s: got %v, want rejected", name, err)
			}
		})
	}
}

// Each fault ends a stream as what it is.
func TestEmulatorFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"drop:200ms":       upstream.Dropped,
		"garbage:200ms":    upstream.Garbled,
		"close:1011:200ms": upstream.UpstreamError,
		"close:1012:200ms": upstream.Dropped,
		"close:3008:200ms": upstream.Dropped,
		"error:3005:200ms": upstream.UpstreamError,
		"error:3006":       upstream.Rejected,
		"error:3009":       upstream.Throttled,
		"error:3012":       upstream.Rejected,
		"error:1008":       upstream.AuthFailed,
		"refuse:429:3s":    upstream.Throttled,
		"refuse:503":       upstream.ConnectFailed,
		"late:100ms":       "",
		"odd_chunks":       "",
		"empty":            "",
		"wrong_length":     "",
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Fault: emulatortest.Fault(t, fault)}
			emulated.FirstSeeds(t, min(upstreamtest.Seeds, 8), o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

// The vendor falls silent: the stream waits, and can be stopped.
func TestEmulatorStalls(t *testing.T) {
	stall := emulator.Fault{Kind: emulator.Stall, After: 100 * time.Millisecond}
	emulated.FirstSeeds(t, min(upstreamtest.Seeds, 8), emulator.Options{Fault: stall}, func(r *emulatortest.Rig) {
		r.Stall(time.Minute, time.Minute, emulatortest.Sentences()[0])
		r.AwaitCancels(1)
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { emulated.RequestIDs(t, "drop:200ms", "") }

// AssemblyAI charges characters, not bytes, here at a number of the emulator's: no price is known. Whether a cancelled text costs
// anything isn't either.
func TestEmulatorCharges(t *testing.T) {
	texts := []string{"Zwölf Boxkämpfer jagen Viktor.", "Über den großen Deich –", "et puis voilà."}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		r.WantBill(billing.Price{Unit: billing.Character, Amount: "0.00003"}, r.Say(r.Request, texts...), texts...)
	})
}
