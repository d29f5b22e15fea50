package soniox

import (
	"fmt"
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
	Vendor: "soniox",
	Open: func(seed uint64, env upstream.Env) (upstream.Provider, error) {
		return open(sharing(1+int(seed%2)), env)
	},
	Request: request,
	Key:     "soniox_secret",
	Accepts: "soniox_secret",
	Bubble:  true,
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.WAV, Rate: 48000},
		{Encoding: audio.ALaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 44100},
	}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = outputs[r.Options.Seed%uint64(len(outputs))]
		h := r.Say(req, emulatortest.Sentences()...)
		r.WantWhole(h, req.Output, formats...)
		r.WantTimes(h, emulatortest.Sentences()...)
	})
}

// TestEmulatorIsAskedForEachTextOnce compares what the vendor got with what was ordered.
func TestEmulatorIsAskedForEachTextOnce(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		r.Say(r.Request, emulatortest.Sentences()...)
		var texts []string
		for _, s := range r.Server.Stats().Streams {
			texts = append(texts, s.Texts...)
			if !s.Over {
				r.Errorf("stream %s is not over", s.ID)
			}
		}
		if want := emulatortest.Sentences(); !slices.Equal(texts, want) {
			r.Errorf("the vendor got %q, want %q", texts, want)
		}
		r.AwaitCancels(0)
	})
}

// A text that pauses for minutes is spoken on: the vendor ends a stream of its own that waits for text.
func TestEmulatorOutlastsAPause(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		l.MustOrder(false, emulatortest.Sentences()[0])
		time.Sleep(5 * time.Minute)
		l.MustOrder(true, emulatortest.Sentences()[1:]...)
		r.WantWords(l.Finish(), emulatortest.Text())
	})
}

// A cancel in mid-speech is confirmed, and stops both pieces that are under way.
func TestEmulatorIsToldToStop(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
		_, took := r.Interrupt(true, emulatortest.Text(), emulatortest.Text())
		if took > 500*time.Millisecond {
			r.Errorf("Close took %v", took)
		}
		r.AwaitCancels(2)
		r.AwaitIdle()
	})
}

// Cancels follow each other on few sockets, with speech between them: no stream is refused for those that leave.
func TestEmulatorHasRoomAfterCancels(t *testing.T) {
	whole := emulatortest.Sentences()[:2]
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		for turn := range 4 {
			l := r.Begin(r.Named(fmt.Sprintf("cancelled-%d", turn)))
			l.MustOrder(false, emulatortest.Sentences()...)
			time.Sleep(time.Duration(turn) * time.Millisecond)
			l.StopWithin(300*time.Millisecond, emulatortest.ErrStop)
			r.WantWords(r.Say(r.Named(fmt.Sprintf("whole-%d", turn)), whole...), strings.Join(whole, " "))
		}
		r.AwaitIdle()
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
		r.KeepApart(capabilities(sharing(2)).Concurrent, "wordNAME comes first.", "Then wordNAME, and the rest.")
		r.AwaitIdle()
	})
}

// TestEmulatorRefusesAWrongKey has the vendor say so in every way that it may.
func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("soniox_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
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
		"error:400":        upstream.Rejected,
		"error:402":        upstream.NoCredit,
		"error:429:100ms":  upstream.Throttled,
		"error:500:100ms":  upstream.UpstreamError,
		"error:503":        upstream.UpstreamError,
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

// Soniox charges the time of the audio, of each of its streams by itself. A piece is one, and each may be rounded to the other side of a
// millionth than their sum is.
func TestEmulatorCharges(t *testing.T) {
	texts := []string{"Zwölf Boxkämpfer jagen Viktor über den großen Sylter Deich.", "And home again, by the long way round!", "你好，世界！"}
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		h := r.Say(r.Request, texts...)
		r.WantBillWithin(int64(len(texts)), billing.Price{Unit: billing.AudioHour, Amount: "0.7"}, h, texts...)
	})
}
