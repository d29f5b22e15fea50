package together

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
)

func TestEmulatorStopsAtOnce(t *testing.T) {
	usual().EachSeed(t, emulator.Options{Pace: 5}, func(r *emulatortest.Rig) {
		for turn := range 3 {
			interrupt(r, fmt.Sprint("turn-", turn))
			wantWhole(r, r.Try(r.Named(fmt.Sprint("after-", turn)), "Go ahead then."), "Go ahead then.") // nothing late is heard here
		}
	})
}

// interrupt stops a generation in the middle of its audio.
func interrupt(r *emulatortest.Rig, id string) {
	r.Helper()
	l := r.Begin(r.Named(id))
	l.MustOrder(true, emulatortest.Text())
	time.Sleep(300 * time.Millisecond)
	if l.Heard().Frames == 0 {
		r.Fatal("no audio within 300 ms")
	}
	began := time.Now()
	l.StopWithin(time.Second, emulatortest.ErrStop)
	told := slices.ContainsFunc(r.Server.Stats().Cancels, func(c emulator.Cancel) bool {
		return c.ID == id && c.At.Sub(began) < 20*time.Millisecond
	})
	if !told {
		r.Errorf("the vendor was not told within 20 ms: %+v", r.Server.Stats().Cancels)
	}
	l.WantStopped(emulatortest.ErrStop)
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	for _, auth := range []string{inHeader, inQuery} {
		for key, want := range map[upstream.Secret]upstream.Kind{goodKey: "", "tg_wrong": upstream.AuthFailed, "": upstream.AuthFailed} {
			t.Run(fmt.Sprintf("%s, %q", auth, key.Reveal()), func(t *testing.T) {
				emulated(auth).WithKey(key).EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) { r.Meet(want) })
			})
		}
	}
}

// TestEmulatorFails meets every fault. The empty kind is that of a good end.
func TestEmulatorFails(t *testing.T) {
	for fault, want := range map[string]upstream.Kind{
		"refuse:400":                         upstream.Rejected,
		"refuse:401":                         upstream.AuthFailed,
		"refuse:403":                         upstream.AuthFailed,
		"refuse:429":                         upstream.Throttled,
		"refuse:503":                         upstream.ConnectFailed,
		"refuse:1008":                        upstream.Dropped,
		"refuse:invalid_api_key":             upstream.AuthFailed,
		"refuse:missing_api_key":             upstream.AuthFailed,
		"refuse:model_not_available":         upstream.Rejected,
		"drop:400ms":                         upstream.Dropped,
		"close:1000:400ms":                   upstream.Dropped,
		"close:1001:400ms":                   upstream.Dropped,
		"close:1008:400ms":                   upstream.Dropped,
		"close:1011:400ms":                   upstream.UpstreamError,
		"close:1012:400ms":                   upstream.Dropped,
		"garbage:400ms":                      upstream.Garbled,
		"error:invalid_api_key:400ms":        upstream.AuthFailed,
		"error:model_not_available":          upstream.Rejected,
		"error:invalid_text":                 upstream.Rejected,
		"error:internal_error:400ms":         upstream.UpstreamError,
		"error:internal_error:400ms:session": upstream.UpstreamError,
		"late:5s":                            "",
		"slow":                               "",
		"odd_chunks":                         "",
		"null_cost":                          "",
	} {
		t.Run(fault, func(t *testing.T) {
			usual().EachSeed(t, emulator.Options{Fault: emulatortest.Fault(t, fault)}, func(r *emulatortest.Rig) {
				h := r.Try(r.Request, emulatortest.Sentences()...)
				if want == "" {
					wantWhole(r, h, emulatortest.Sentences()...)
					return
				}
				r.WantKind(h.Err, want)
			})
		})
	}
}

// TestEmulatorSpeaksAfterAFailure has a fault in the first generation only.
func TestEmulatorSpeaksAfterAFailure(t *testing.T) {
	for _, fault := range []string{"drop:400ms", "close:1000:400ms", "error:internal_error:400ms", "error:internal_error:400ms:session", "garbage:400ms"} {
		t.Run(fault, func(t *testing.T) {
			usual().EachSeed(t, emulator.Options{Fault: emulatortest.Fault(t, fault)}, func(r *emulatortest.Rig) {
				if h := r.Try(r.Named("first"), emulatortest.Sentences()...); h.Err == nil {
					r.Error("no failure")
				}
				r.Server.SetFault(emulator.Fault{})
				wantWhole(r, r.Try(r.Named("second"), emulatortest.Sentences()...), emulatortest.Sentences()...)
			})
		})
	}
}

// TestEmulatorSaysTooLittle has normal ends without audio, or with hardly any: the relay judges those.
func TestEmulatorSaysTooLittle(t *testing.T) {
	for _, kind := range []emulator.FaultKind{emulator.Empty, emulator.WrongLength} {
		t.Run(string(kind), func(t *testing.T) {
			usual().EachSeed(t, emulator.Options{Fault: emulator.Fault{Kind: kind}}, func(r *emulatortest.Rig) {
				h := r.Try(r.Request, emulatortest.Sentences()...)
				if h.Err != nil || len(h.Audio) > 48000 || !slices.Equal(h.Pieces, []int{0, 1, 2}) {
					r.Errorf("%v with %d bytes and the pieces %v, want a normal end with less than a second", h.Err, len(h.Audio), h.Pieces)
				}
			})
		})
	}
}

// TestEmulatorStalls leaves it to the caller to give up.
func TestEmulatorStalls(t *testing.T) {
	stall := emulator.Fault{Kind: emulator.Stall, After: 400 * time.Millisecond}
	usual().EachSeed(t, emulator.Options{Fault: stall}, func(r *emulatortest.Rig) {
		r.Stall(10*time.Second, time.Second, emulatortest.Text())
	})
}

// TestEmulatorTakesADictionary has a frame of settings before the text.
func TestEmulatorTakesADictionary(t *testing.T) {
	usual().EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		opts, err := r.ParseOptions([]byte(`{"pronunciation_dict":["omg/oh my god"]}`))
		if err != nil {
			r.Fatal(err)
		}
		req := r.Request
		req.Options = opts
		const text = "Hello there friend."
		r.WantWords(r.Say(req, text), text)
	})
}
