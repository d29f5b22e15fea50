package together

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/upstreamtest"
)

func TestEmulatorStopsAtOnce(t *testing.T) {
	emulated(t, seeds, emulator.Options{Pace: 5}, func(e *emulation) {
		for turn := range 3 {
			e.interrupt(fmt.Sprint("turn-", turn))
			e.checkWhole(e.say(fmt.Sprint("after-", turn), "Go ahead then."), "Go ahead then.") // nothing late is heard here
		}
	})
}

// interrupt stops a generation in the middle of its audio.
func (e *emulation) interrupt(id string) {
	e.Helper()
	l, err := e.open(id)
	if err != nil {
		e.Fatal(err)
	}
	if err := l.stream.Speak(e.Context(), upstream.Piece{Text: strings.Join(fox(), " "), Last: true}); err != nil {
		e.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if l.Heard().Frames == 0 {
		e.Fatal("no audio within 300 ms")
	}
	began := time.Now()
	cause := &upstream.Error{Kind: upstream.Canceled, Message: "barge-in"}
	e.close(l, cause)
	told := slices.ContainsFunc(e.server.Stats().Cancels, func(c emulator.Cancel) bool {
		return c.ID == id && c.At.Sub(began) < 20*time.Millisecond
	})
	if !told {
		e.Errorf("the vendor was not told within 20 ms: %+v", e.server.Stats().Cancels)
	}
	if h := l.Heard(); h.Err != error(cause) {
		e.Errorf("End: got %v, want the cause", h.Err)
	}
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	for seed := range uint64(seeds) {
		for _, auth := range []string{inHeader, inQuery} {
			for key, want := range map[upstream.Secret]upstream.Kind{goodKey: "", "tg_wrong": upstream.AuthFailed, "": upstream.AuthFailed} {
				t.Run(fmt.Sprintf("seed %d, %s, %q", seed, auth, key.Reveal()), func(t *testing.T) {
					cfg := defaults()
					cfg.Auth = auth
					synctest.Test(t, func(t *testing.T) {
						emulate(t, emulator.Options{Seed: seed}, cfg, key, func(e *emulation) {
							h := e.say("g", fox()...)
							upstreamtest.CheckError(t, h.Err, nil, goodKey, "tg_wrong")
							if h.Err != nil && upstream.KindOf(h.Err) != want || h.Err == nil && want != "" {
								t.Errorf("got %v, want %q", h.Err, want)
							}
						})
					})
				})
			}
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
		f, err := emulator.ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fault, func(t *testing.T) {
			emulated(t, seeds, emulator.Options{Fault: f}, func(e *emulation) {
				h := e.say("g", fox()...)
				if want == "" {
					e.checkWhole(h, fox()...)
					return
				}
				upstreamtest.CheckError(t, h.Err, nil, goodKey)
				if h.Err == nil || upstream.KindOf(h.Err) != want {
					e.Errorf("got %v, want %s", h.Err, want)
				}
			})
		})
	}
}

// TestEmulatorSpeaksAfterAFailure has a fault in the first generation only.
func TestEmulatorSpeaksAfterAFailure(t *testing.T) {
	for _, fault := range []string{"drop:400ms", "close:1000:400ms", "error:internal_error:400ms", "error:internal_error:400ms:session", "garbage:400ms"} {
		f, err := emulator.ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fault, func(t *testing.T) {
			emulated(t, seeds, emulator.Options{Fault: f}, func(e *emulation) {
				if h := e.say("first", fox()...); h.Err == nil {
					e.Error("no failure")
				}
				e.server.SetFault(emulator.Fault{})
				e.checkWhole(e.say("second", fox()...), fox()...)
			})
		})
	}
}

// TestEmulatorSaysTooLittle has normal ends without audio, or with hardly any: the relay judges those.
func TestEmulatorSaysTooLittle(t *testing.T) {
	for _, kind := range []emulator.FaultKind{emulator.Empty, emulator.WrongLength} {
		t.Run(string(kind), func(t *testing.T) {
			emulated(t, seeds, emulator.Options{Fault: emulator.Fault{Kind: kind}}, func(e *emulation) {
				h := e.say("g", fox()...)
				if h.Err != nil || len(h.Audio) > 48000 || !slices.Equal(h.Pieces, []int{0, 1, 2}) {
					e.Errorf("%v with %d bytes and the pieces %v, want a normal end with less than a second", h.Err, len(h.Audio), h.Pieces)
				}
			})
		})
	}
}

// TestEmulatorStalls leaves it to the caller to give up.
func TestEmulatorStalls(t *testing.T) {
	stall := emulator.Fault{Kind: emulator.Stall, After: 400 * time.Millisecond}
	emulated(t, seeds, emulator.Options{Fault: stall}, func(e *emulation) {
		l, err := e.open("g")
		if err != nil {
			e.Fatal(err)
		}
		if err := l.stream.Speak(e.Context(), upstream.Piece{Text: strings.Join(fox(), " "), Last: true}); err != nil {
			e.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		select {
		case <-l.Ended():
			e.Errorf("ended by itself: %v", l.Heard().Err)
		default:
		}
		cause := &upstream.Error{Kind: upstream.Stalled, Message: "no audio in time"}
		e.close(l, cause)
		if h := l.Heard(); h.Err != error(cause) {
			e.Errorf("End: got %v, want the cause", h.Err)
		}
	})
}

// TestEmulatorTakesADictionary has a frame of settings before the text.
func TestEmulatorTakesADictionary(t *testing.T) {
	emulated(t, seeds, emulator.Options{}, func(e *emulation) {
		opts, err := e.provider.ParseOptions([]byte(`{"pronunciation_dict":["omg/oh my god"]}`))
		if err != nil {
			e.Fatal(err)
		}
		req := request()
		req.Options = opts
		l := &line{Sink: upstreamtest.NewSink(e, goodKey)}
		if l.stream, err = e.provider.Open(e.Context(), req, l.Sink); err != nil {
			e.Fatal(err)
		}
		if err := l.stream.Speak(e.Context(), upstream.Piece{Text: "Hello there friend.", Last: true}); err != nil {
			e.Fatal(err)
		}
		<-l.Ended()
		e.close(l, nil)
		want := voice.Words("Hello there friend.")
		if got := e.words(l.Heard().Audio, want); l.Heard().Err != nil || !slices.Equal(got, want) {
			e.Errorf("End: %v; heard %q, want %q", l.Heard().Err, got, want)
		}
	})
}
