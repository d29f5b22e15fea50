package rime

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

// protocols are both.
var protocols = []string{protocolV1, protocolWS3}

// emulated speaks by a protocol.
func emulated(protocol string) emulatortest.Subject {
	return emulatortest.Subject{
		Vendor:  "rime",
		Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(by(protocol), env) },
		Request: testRequest,
		Key:     "rime_secret",
		Accepts: "rime_secret",
		Bubble:  true,
	}
}

// each runs a test for each protocol.
func each(t *testing.T, test func(t *testing.T, subject emulatortest.Subject)) {
	t.Helper()
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) { test(t, emulated(protocol)) })
	}
}

// wantTimes checks the times of words where the vendor tells any: a build of v1 may have none.
func wantTimes(r *emulatortest.Rig, h upstreamtest.Heard, texts ...string) {
	r.Helper()
	if len(h.Words) > 0 || !strings.Contains(r.Server.Quirks(), "times:none") {
		r.WantTimes(h, texts...)
	}
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.PCM16, Rate: 16000},
		{Encoding: audio.WAV, Rate: 48000},
	}
	each(t, func(t *testing.T, subject emulatortest.Subject) {
		subject.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
			req := r.Request
			req.Output, req.Language = outputs[r.Options.Seed%uint64(len(outputs))], "en-US"
			for turn := range 3 {
				req.ID = fmt.Sprint("turn-", turn)
				h := r.Say(req, emulatortest.Sentences()...)
				r.WantWhole(h, req.Output, formats...)
				wantTimes(r, h, emulatortest.Sentences()...)
			}
			r.AwaitCancels(0)
			if st := r.Server.Stats(); st.Sockets != 1 {
				r.Errorf("three turns took %d sockets, want one", st.Sockets)
			}
		})
	})
}

// Each word is where its time says it is, however fast the speech.
func TestEmulatorSpeaksSlowlyAndFast(t *testing.T) {
	each(t, func(t *testing.T, subject emulatortest.Subject) {
		for _, speed := range []float64{0.5, 2} {
			subject.FirstSeeds(t, min(upstreamtest.Seeds, 6), emulator.Options{}, func(r *emulatortest.Rig) {
				req := r.Request
				req.Speed = speed
				h := r.Say(req, emulatortest.Sentences()...)
				r.WantWords(h, emulatortest.Text())
				wantTimes(r, h, emulatortest.Sentences()...)
			})
		}
	})
}

// Text comes with pauses, and its end becomes known later than its last words.
func TestEmulatorSpeaksAsTextComes(t *testing.T) {
	each(t, func(t *testing.T, subject emulatortest.Subject) {
		subject.EachSeed(t, emulator.Options{Pace: 20}, func(r *emulatortest.Rig) {
			l := r.Begin(r.Request)
			for i, text := range append(emulatortest.Sentences(), "") {
				l.MustOrder(text == "", text)
				time.Sleep(10 * time.Second)
				if got := len(l.Heard().Pieces); got != i+1 {
					r.Fatalf("%d pieces have ended, want %d", got, i+1)
				}
			}
			h := l.Finish()
			r.WantWords(h, emulatortest.Text())
			wantTimes(r, h, emulatortest.Sentences()...)
		})
	})
}

// Interruptions are confirmed by v1, whose socket goes on; by ws3 they close it. What comes after is heard whole.
func TestEmulatorSpeaksOnAfterInterruptions(t *testing.T) {
	texts := emulatortest.Sentences()[:2]
	each(t, func(t *testing.T, subject emulatortest.Subject) {
		subject.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
			for turn := range 6 {
				req := r.Named(fmt.Sprint("turn-", turn))
				if turn%2 == 0 {
					h := r.Say(req, texts...)
					r.WantWords(h, strings.Join(texts, " "))
					wantTimes(r, h, texts...)
					continue
				}
				l := r.Begin(req)
				l.MustOrder(false, texts...)
				time.Sleep(time.Duration(turn) * 100 * time.Millisecond)
				l.Stop(emulatortest.ErrStop)
				l.WantStopped(emulatortest.ErrStop)
			}
			r.AwaitIdle()
			want := 1
			if r.Capabilities().Cancel == upstream.CancelSocket {
				want = 3
			}
			if st := r.Server.Stats(); st.Sockets != want {
				r.Errorf("the conversation took %d sockets, want %d", st.Sockets, want)
			}
		})
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	each(t, func(t *testing.T, subject emulatortest.Subject) {
		subject.FirstSeeds(t, min(upstreamtest.Seeds, 8), emulator.Options{Pace: 10}, func(r *emulatortest.Rig) {
			r.KeepApart(15, "wordNAME comes first.", "Then wordNAME, and the rest.")
			r.AwaitIdle()
		})
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	each(t, func(t *testing.T, subject emulatortest.Subject) {
		subject.WithKey("rime_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(upstream.AuthFailed) })
	})
}

// An engine on one's own machines takes the key in another form.
func TestEmulatorTakesAnAPIKey(t *testing.T) {
	subject := emulated(protocolV1)
	subject.Open = func(_ uint64, env upstream.Env) (upstream.Provider, error) {
		cfg := defaults()
		cfg.Auth = authAPIKey
		return open(cfg, env)
	}
	subject.Run(t, emulator.Options{Seed: 1}, func(r *emulatortest.Rig) { r.Meet("") })
}

// Each fault ends a stream as what it is.
func TestEmulatorFaults(t *testing.T) {
	both := map[string]upstream.Kind{
		"drop:200ms":       upstream.Dropped,
		"garbage:200ms":    upstream.Garbled,
		"close:1011:200ms": upstream.UpstreamError,
		"close:1012:200ms": upstream.Dropped,
		"refuse:429:3s":    upstream.Throttled,
		"refuse:503":       upstream.ConnectFailed,
		"late:100ms":       "",
		"odd_chunks":       "",
		"empty":            "",
		"wrong_length":     "",
	}
	for protocol, own := range map[string]map[string]upstream.Kind{
		protocolV1: {
			"error:internal:200ms":        upstream.UpstreamError,
			"error:resource_exhausted":    upstream.Throttled,
			"error:not_found":             upstream.Rejected,
			"error:unauthenticated":       upstream.AuthFailed,
			"error:unavailable:session":   upstream.UpstreamError,
			"error:invalid_input:session": upstream.Rejected,
		},
		protocolWS3: {
			"error:overloaded:200ms":    upstream.UpstreamError,
			"error:rate limit exceeded": upstream.Throttled,
		},
	} {
		for _, faults := range []map[string]upstream.Kind{both, own} {
			for fault, want := range faults {
				t.Run(protocol+" "+fault, func(t *testing.T) {
					o := emulator.Options{Fault: emulatortest.Fault(t, fault)}
					emulated(protocol).FirstSeeds(t, min(upstreamtest.Seeds, 8), o, func(r *emulatortest.Rig) { r.Meet(want) })
				})
			}
		}
	}
}

// The vendor falls silent: the stream waits, and can be stopped.
func TestEmulatorStalls(t *testing.T) {
	stall := emulator.Fault{Kind: emulator.Stall, After: 100 * time.Millisecond}
	each(t, func(t *testing.T, subject emulatortest.Subject) {
		subject.FirstSeeds(t, min(upstreamtest.Seeds, 8), emulator.Options{Fault: stall}, func(r *emulatortest.Rig) {
			r.Stall(30*time.Second, time.Minute, emulatortest.Sentences()[0])
			r.AwaitIdle()
		})
	})
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) {
	t.Run(protocolV1, func(t *testing.T) { emulated(protocolV1).RequestIDs(t, "error:internal:200ms", "request-1") })
	t.Run(protocolWS3, func(t *testing.T) { emulated(protocolWS3).RequestIDs(t, "drop:200ms", "") })
}

// Rime charges characters, not bytes. Nothing on the wire tells them.
// A sentence that has begun is charged, whether it is heard to its end or not.
func TestEmulatorCharges(t *testing.T) {
	price := billing.Price{Unit: billing.Character, Amount: "0.00003"}
	texts := []string{"Zwölf Boxkämpfer jagen Viktor.", "Über den großen Deich –", "et puis voilà."}
	each(t, func(t *testing.T, subject emulatortest.Subject) {
		subject.EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
			r.WantBill(price, r.Say(r.Request, texts...), texts...)
		})
		subject.EachSeed(t, emulator.Options{Pace: 4}, func(r *emulatortest.Rig) {
			r.WantBillOfStopped(price, "Our quick brown fox jumps over the lazy dog and goes on and on until it is home again.")
		})
	})
}
