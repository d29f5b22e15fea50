package zeligate

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulatortest"
	"voicerelay/upstream/upstreamtest"
)

const seeds = upstreamtest.Seeds

// emulated is the adapter before a vendor of many engines, where there are, with the key in that place.
func emulated(place func(seed uint64) authPlace) emulatortest.Subject {
	return emulatortest.Subject{
		Vendor: "zeligate",
		Open: func(seed uint64, env upstream.Env) (upstream.Provider, error) {
			cfg := defaults
			cfg.Auth = place(seed)
			return open(cfg, env)
		},
		Request: request,
		Key:     "sk-zeli-secret",
		Accepts: "sk-zeli-secret",
		Bubble:  true,
	}
}

// asUsual is where the key is by default.
func asUsual(uint64) authPlace { return defaults.Auth }

// inTurn has half of the seeds with the key in the address.
func inTurn(seed uint64) authPlace {
	if seed%2 == 1 {
		return authQuery
	}
	return defaults.Auth
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := append(slices.Clone(formats), audio.Format{Encoding: audio.WAV, Rate: 24000}, audio.Format{Encoding: audio.PCMF32, Rate: 16000})
	emulated(inTurn).EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		req := r.Request
		req.Output = outputs[r.Options.Seed%uint64(len(outputs))]
		h := r.Say(req, emulatortest.Sentences()...)
		r.WantWords(h, emulatortest.Text())
		r.WantFormat(h, req.Output, formats...)
		if h.Usage.Charge.Known() {
			r.Errorf("got a charge of a vendor that tells none: %+v", h.Usage.Charge)
		}
		st := r.Server.Stats()
		if len(st.Streams) != 1 || st.Sockets != 1 {
			r.Errorf("got %d streams on %d sockets, want one on one", len(st.Streams), st.Sockets)
		}
	})
}

// TestEmulatorSpeaksWhatComesLate has a language model that stops to think, for longer than a vendor may wait for text
// where it is not kept alive, and ends without a word more.
func TestEmulatorSpeaksWhatComesLate(t *testing.T) {
	emulated(asUsual).EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		bytes := 0
		for _, text := range emulatortest.Sentences() {
			l.Order(false, text)
			time.Sleep(25 * time.Second)
			if len(l.Heard().Audio) == bytes {
				r.Fatalf("%q is not spoken without more text", text)
			}
			bytes = len(l.Heard().Audio)
		}
		l.Order(true, "")
		r.WantWords(l.Finish(), emulatortest.Text())
		if st := r.Server.Stats(); st.Streams[0].KeepAlives < 6 {
			r.Errorf("got %d keep-alives in 75 s, want one each 10 s", st.Streams[0].KeepAlives)
		}
	})
}

func TestEmulatorStopsAtOnce(t *testing.T) {
	emulated(asUsual).EachSeed(t, emulator.Options{Pace: 1}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		l.Order(r.Options.Seed%2 == 0, emulatortest.Text())
		time.Sleep(1500 * time.Millisecond)
		if l.Heard().Frames == 0 {
			r.Fatal("no audio")
		}
		began := time.Now()
		l.Stop(emulatortest.ErrStop)
		synctest.Wait()
		if open := r.Server.Stats().OpenSockets; open != 0 || time.Since(began) != 0 {
			r.Errorf("%d sockets are open %v after the cancel", open, time.Since(began))
		}
		l.WantStopped(emulatortest.ErrStop)
	})
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	emulated(asUsual).FirstSeeds(t, 4, emulator.Options{}, func(r *emulatortest.Rig) {
		r.KeepApart(32, "wordNAME saidNAME twiceNAME")
		if st := r.Server.Stats(); st.Sockets != 32 || len(st.Streams) != 32 {
			r.Errorf("got %d sockets and %d streams, want 32 of each", st.Sockets, len(st.Streams))
		}
		r.Await("no socket is open", func(st emulator.Stats) bool { return st.OpenSockets == 0 })
	})
}

// TestEmulatorRefusesAWrongKey: a vendor that says nothing, and closes with a code that says nothing either, tells no
// wrong key from a fault of its own.
func TestEmulatorRefusesAWrongKey(t *testing.T) {
	for _, place := range []authPlace{authBOS, authQuery} {
		t.Run(string(place), func(t *testing.T) {
			told := 0
			with := emulated(func(uint64) authPlace { return place })
			with.WithKey("sk-zeli-wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
				got := fails(r)
				mute := strings.Contains(r.Server.Quirks(), "telling:bare") && !strings.Contains(r.Server.Quirks(), "closeCode:1008")
				if got == upstream.AuthFailed {
					told++
				} else if !mute || !upstream.Policies[got].Trips {
					r.Errorf("got %s, want auth_failed", got)
				}
			})
			if told < seeds/2 {
				t.Errorf("only %d seeds told a wrong key", told)
			}
		})
	}
}

// fails speaks to a failure, at the opening or later.
func fails(r *emulatortest.Rig) upstream.Kind {
	r.Helper()
	err := r.Try(r.Request, emulatortest.Sentences()...).Err
	if err == nil {
		r.Error("no error")
	}
	return upstream.KindOf(err)
}

func TestEmulatorFails(t *testing.T) {
	for fault, want := range map[string][]upstream.Kind{
		"refuse:401":                  {upstream.AuthFailed},
		"refuse:404":                  {upstream.Rejected},
		"refuse:429":                  {upstream.Throttled},
		"refuse:503":                  {upstream.UpstreamError},
		"drop:200ms":                  {upstream.Dropped},
		"garbage:200ms":               {upstream.Garbled},
		"close:1000:200ms":            {upstream.Dropped},
		"close:1001:200ms":            {upstream.Dropped},
		"close:1008:200ms":            {upstream.Rejected},
		"close:1011:200ms":            {upstream.UpstreamError},
		"close:1012:200ms":            {upstream.Dropped},
		"close:1013:200ms":            {upstream.ConnectFailed},
		"error:model_loading:200ms":   {upstream.UpstreamError, upstream.Rejected, upstream.Dropped}, // the latter where a close is all
		"error:invalid_api_key:200ms": {upstream.AuthFailed, upstream.Rejected, upstream.Dropped, upstream.UpstreamError},
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Fault: emulatortest.Fault(t, fault)}
			emulated(asUsual).FirstSeeds(t, 8, o, func(r *emulatortest.Rig) {
				got := fails(r)
				bare := strings.Contains(r.Server.Quirks(), "telling:bare")
				if !slices.Contains(want, got) || !bare && got != want[0] {
					r.Errorf("got %s, want %s", got, want[0])
				}
			})
		})
	}
}

// TestEmulatorFalters has faults that are no failure to the adapter: the relay's deadlines and counts find them.
func TestEmulatorFalters(t *testing.T) {
	const text = "Short words."
	for fault, spoken := range map[string]bool{
		"odd_chunks":   true,
		"null_cost":    true,
		"slow":         true,
		"late:10s":     true,
		"empty":        false,
		"wrong_length": false, // or little more
	} {
		t.Run(fault, func(t *testing.T) {
			o := emulator.Options{Fault: emulatortest.Fault(t, fault)}
			emulated(asUsual).FirstSeeds(t, 8, o, func(r *emulatortest.Rig) {
				h := r.Say(r.Request, text)
				if spoken {
					r.WantWords(h, text)
				} else if ms := len(h.Audio) / 48; h.Err != nil || ms > 100 {
					r.Errorf("got %d ms of audio and %v, want hardly any and a good end", ms, h.Err)
				}
			})
		})
	}
}

// TestEmulatorStalls has the vendor fall silent in the middle: the stream waits, until it is closed.
func TestEmulatorStalls(t *testing.T) {
	stall := emulator.Fault{Kind: emulator.Stall, After: 100 * time.Millisecond}
	emulated(asUsual).FirstSeeds(t, 8, emulator.Options{Fault: stall}, func(r *emulatortest.Rig) {
		if h := r.Stall(10*time.Second, time.Minute, emulatortest.Sentences()...); h.Frames == 0 {
			r.Error("got no frames")
		}
	})
}
