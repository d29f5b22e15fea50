package elevenlabs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

// emulated has half of the seeds with streams that share sockets.
var emulated = emulatortest.Subject{
	Vendor: "elevenlabs",
	Open: func(seed uint64, env upstream.Env) (upstream.Provider, error) {
		return open(sharing(1+int(seed%2)), env)
	},
	Request: request,
	Key:     "sk_secret",
	Accepts: "sk_secret",
	Bubble:  true,
}

// sharing are the default options but for the streams that share a socket.
func sharing(streams int) Config {
	cfg := defaults()
	cfg.StreamsPerSocket = streams
	return cfg
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
			if !s.Over {
				r.Errorf("context %s is not over", s.ID)
			}
			if text := strings.TrimSpace(strings.Join(s.Texts, "")); text != "" {
				texts = append(texts, text)
			}
		}
		if want := emulatortest.Sentences(); !slices.Equal(texts, want) {
			r.Errorf("the vendor got %q, want %q", texts, want)
		}
	})
}

// cancel opens a stream, orders pieces, and closes it after a while.
func cancel(r *emulatortest.Rig, id string, after time.Duration, texts ...string) {
	r.Helper()
	l := r.Begin(r.Named(id))
	l.MustOrder(false, texts...)
	time.Sleep(after)
	l.StopWithin(300*time.Millisecond, emulatortest.ErrStop)
	l.WantStopped(emulatortest.ErrStop)
}

// TestEmulatorIsNeverSentASixthContext has many cancels in a row on few sockets, with speech between them: a context too
// many would end what else is spoken there.
func TestEmulatorIsNeverSentASixthContext(t *testing.T) {
	whole := emulatortest.Sentences()[:2]
	emulated.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		for turn := range 8 {
			cancel(r, fmt.Sprintf("cancelled-%d", turn), time.Duration(turn)*time.Millisecond, emulatortest.Sentences()...)
			r.WantWords(r.Say(r.Named(fmt.Sprintf("whole-%d", turn)), whole...), strings.Join(whole, " "))
		}
		r.AwaitIdle()
		if st := r.Server.Stats(); st.MaxOpenSockets > 4 {
			r.Errorf("one stream at a time had %d sockets at once", st.MaxOpenSockets)
		}
	})
}

// TestEmulatorIsToldToStop cancels in mid-speech, at the vendor's pace.
func TestEmulatorIsToldToStop(t *testing.T) {
	emulated.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
		began := time.Now()
		const after = 100 * time.Millisecond
		cancel(r, "gen", after, emulatortest.Sentences()[:2]...)
		if took := time.Since(began); took > after+300*time.Millisecond {
			r.Errorf("Close took %v, want no more than its context's 300ms", took)
		}
		r.AwaitIdle()
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	for _, cfg := range []Config{sharing(1), sharing(2)} {
		with := emulated
		with.Open = func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(cfg, env) }
		with.Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
			r.KeepApart(32, "wordNAME comes first.", "Then wordNAME, and the rest.")
			if st := r.Server.Stats(); st.MaxOpenContexts > underWay*cfg.StreamsPerSocket*st.MaxOpenSockets {
				r.Errorf("got %d contexts at once on %d sockets", st.MaxOpenContexts, st.MaxOpenSockets)
			}
		})
	}
}

// TestEmulatorRefusesAWrongKey has the vendor say so in every way that it may.
func TestEmulatorRefusesAWrongKey(t *testing.T) {
	emulated.WithKey("sk_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
}

// TestEmulatorsFaults has each of them on every seed, but those that take time.
func TestEmulatorsFaults(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"refuse:401":                         upstream.AuthFailed,
		"refuse:402":                         upstream.NoCredit,
		"refuse:429":                         upstream.Throttled,
		"refuse:502":                         upstream.ConnectFailed,
		"drop:100ms":                         upstream.Dropped,
		"garbage:100ms":                      upstream.Garbled,
		"close:1000:100ms":                   upstream.Dropped,
		"close:1008:100ms":                   upstream.UpstreamError,
		"close:1011:100ms":                   upstream.UpstreamError,
		"close:1013:100ms":                   upstream.ConnectFailed,
		"error:input_timeout_exceeded:100ms": upstream.Dropped,
		"error:quota_exceeded":               upstream.NoCredit,
		"error:voice_not_found":              upstream.Rejected,
		"error:system_busy":                  upstream.Throttled,
		"error:max_active_conversations":     upstream.Throttled,
		"error:authentication_required":      upstream.AuthFailed,
		"odd_chunks":                         "",
		"late:100ms":                         "",
		"empty":                              "",
		"wrong_length":                       "",
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
		r.Stall(20*time.Millisecond, 50*time.Millisecond, emulatortest.Sentences()[0])
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { emulated.RequestIDs(t, "drop:200ms", "") }
