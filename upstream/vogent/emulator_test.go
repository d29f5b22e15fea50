package vogent

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
	"voicerelay/upstream/upstreamtest"
)

const seeds = upstreamtest.Seeds

// emulated has half of the seeds with streams that share sockets.
var emulated = emulatortest.Subject{
	Vendor: "vogent",
	Open: func(seed uint64, env upstream.Env) (upstream.Provider, error) {
		cfg := defaults()
		if seed%2 == 0 {
			cfg = sharing(1)
		}
		return open(cfg, env)
	},
	Request: request,
	Key:     "vogent_secret",
	Accepts: "vogent_secret",
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.WAV, Rate: 48000},
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

// TestEmulatorIsAskedForEachTextOnce compares what the vendor charges for, by the character, with what was ordered.
func TestEmulatorIsAskedForEachTextOnce(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		r.Say(r.Request, emulatortest.Sentences()...)
		var texts []string
		for _, s := range r.Server.Stats().Streams {
			texts = append(texts, s.Texts...)
			if !s.Over {
				r.Errorf("generation %s is not over", s.ID)
			}
		}
		if want := emulatortest.Sentences(); !slices.Equal(texts, want) {
			r.Errorf("the vendor got %q, want %q", texts, want)
		}
		r.AwaitCancels(0)
	})
}

// TestEmulatorTakesAWholeConversation has a client's generations of one context follow each other, some cut off.
func TestEmulatorTakesAWholeConversation(t *testing.T) {
	texts := emulatortest.Sentences()[:2]
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		for turn := range 6 {
			req := r.Named(fmt.Sprintf("turn%d", turn))
			req.Affinity = "session/call"
			if turn%2 == 0 {
				r.WantWords(r.Say(req, texts...), strings.Join(texts, " "))
				continue
			}
			l := r.Begin(req)
			l.MustOrder(false, texts[0])
			l.Stop(errStop)
			if q := r.Server.Quirks(); strings.Contains(q, "errorCloses:true") && strings.Contains(q, "cancelAnswer:error") {
				// It closes the socket for the cancel, if that came in time: who comes sooner is taken along, and has to be
				// spoken elsewhere.
				r.Server.WaitFor(func(st emulator.Stats) bool { return st.OpenSockets == 0 }, 5*time.Second)
			}
		}
		if st := r.Server.Stats(); st.MaxOpenSockets > 2 {
			r.Errorf("one conversation had %d sockets at once", st.MaxOpenSockets)
		}
	})
}

// TestEmulatorHasAContextOnOneSocket has generations of a conversation overlap, more than a socket takes of others, among those
// of another one: each conversation is on one socket, whether streams share sockets otherwise or not.
func TestEmulatorHasAContextOnOneSocket(t *testing.T) {
	inMemory := emulated
	inMemory.Bubble = true
	inMemory.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		var wg sync.WaitGroup
		for i := range 12 {
			req := r.Named(fmt.Sprintf("overlaps-%d", i))
			req.Affinity = fmt.Sprintf("session/%d", i%2)
			wg.Go(func() { r.WantWords(r.Try(req, emulatortest.Sentences()[0]), emulatortest.Sentences()[0]) })
		}
		wg.Wait()
		if st := r.Server.Stats(); st.Sockets > 2 {
			r.Errorf("two conversations were on %d sockets", st.Sockets)
		}
	})
}

// TestEmulatorStopsWithinMoments cancels two pieces at once. That a busy machine is late now and then is no fault; that
// nothing is waited for is what the suite checks, on fake time.
func TestEmulatorStopsWithinMoments(t *testing.T) {
	late := 0
	emulated.EachSeed(t, emulator.Options{Pace: 2}, func(r *emulatortest.Rig) {
		told, took := r.Interrupt(true, emulatortest.Text(), emulatortest.Text())
		if took > time.Second {
			r.Errorf("Close took %v, want it not to wait", took)
		}
		// A vendor that answers the first with an error and then closes never reads the second.
		r.Await("all generations have stopped", func(st emulator.Stats) bool { return st.OpenContexts == 0 && len(st.Cancels) > 0 })
		for _, c := range r.Server.Stats().Cancels {
			if c.At.Sub(told) > 20*time.Millisecond {
				late++
			}
		}
	})
	if late > seeds/4 {
		t.Errorf("the vendor heard of %d of %d cancels after more than 20ms", late, 2*seeds)
	}
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	for _, cfg := range []Config{sharing(1), sharing(8)} {
		with := emulated
		with.Open = func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(cfg, env) }
		with.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
			r.KeepApart(32, "wordNAME comes first.", "Then wordNAME, and the rest.")
			r.AwaitIdle()
			if st := r.Server.Stats(); st.MaxOpenContexts > 2*cfg.StreamsPerSocket*st.MaxOpenSockets {
				r.Errorf("got %d generations at once on %d sockets", st.MaxOpenContexts, st.MaxOpenSockets)
			}
		})
	}
}

// TestEmulatorRefusesAWrongKey has the vendor say so in every way that it may. One that says nothing and closes as if it
// had failed can't be told from one that has.
func TestEmulatorRefusesAWrongKey(t *testing.T) {
	told := 0
	emulated.WithKey("vogent_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		want := upstream.AuthFailed
		if q := r.Server.Quirks(); strings.Contains(q, "authBy:close") && strings.Contains(q, "closeCode:1011") {
			want = upstream.UpstreamError
		}
		l, err := r.TryOpen(r.Request)
		if err == nil { // let in, only to be told
			err = l.Finish().Err
		}
		r.WantKind(err, want)
		if want == upstream.AuthFailed {
			told++
		}
	})
	if told < seeds/2 {
		t.Errorf("only %d of %d seeds tell that the key is wrong", told, seeds)
	}
}

// TestEmulatorsFaults has each of them on every seed, but those that take time.
func TestEmulatorsFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"refuse:401":                           upstream.AuthFailed,
		"refuse:402":                           upstream.NoCredit,
		"refuse:429":                           upstream.Throttled,
		"refuse:503":                           upstream.ConnectFailed,
		"refuse:1013":                          upstream.ConnectFailed,
		"drop:100ms":                           upstream.Dropped,
		"garbage:100ms":                        upstream.Garbled,
		"close:1000:100ms":                     upstream.Dropped,
		"close:1001:100ms":                     upstream.Dropped,
		"close:1008:100ms":                     upstream.Dropped,
		"close:1011:100ms":                     upstream.Dropped,
		"close:1012:100ms":                     upstream.Dropped,
		"close:1013:100ms":                     upstream.ConnectFailed,
		"error:failed to generate audio:100ms": upstream.UpstreamError,
		"error:rate limit exceeded":            upstream.Throttled,
		"error:insufficient credits":           upstream.NoCredit,
		"error:voice not found":                upstream.Rejected,
		"error:internal server error:session":  upstream.UpstreamError,
		"error:too many concurrent requests":   upstream.Throttled,
		"odd_chunks":                           "",
		"late:100ms":                           "",
		"empty":                                "",
		"wrong_length":                         "",
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Fault: emulatortest.Fault(t, fault)}
			emulated.EachSeed(t, o, func(r *emulatortest.Rig) { r.Meet(want) })
		})
	}
}

// TestEmulatorIsSlow has one word at half of real time.
func TestEmulatorIsSlow(t *testing.T) {
	emulated.Run(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.Slow}}, func(r *emulatortest.Rig) {
		r.WantWords(r.Say(r.Request, "Slow!"), "Slow!")
	})
}

// TestEmulatorStalls has the vendor fall silent: the stream waits, and can be stopped.
func TestEmulatorStalls(t *testing.T) {
	stall := emulator.Fault{Kind: emulator.Stall, After: 100 * time.Millisecond}
	emulated.EachSeed(t, emulator.Options{Fault: stall}, func(r *emulatortest.Rig) {
		r.Stall(50*time.Millisecond, time.Minute, emulatortest.Sentences()[0])
		r.AwaitCancels(1)
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { emulated.RequestIDs(t, "drop:200ms", "") }
