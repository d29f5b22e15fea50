package uplift

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/emulatortest"
	"voicerelay/upstream/upstreamtest"
)

// emulated is the adapter with these options.
func emulated(cfg Config) emulatortest.Subject {
	return emulatortest.Subject{
		Vendor:  "uplift",
		Open:    func(_ uint64, env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
		Request: request1,
		Key:     "sk_api_emulated",
		Accepts: "sk_api_emulated",
	}
}

// eachTransport runs a test on the two transports in turn.
func eachTransport(t *testing.T, test func(t *testing.T, cfg Config)) {
	t.Helper()
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) { test(t, over(transport)) })
	}
}

// eachSeed runs a test for all seeds, on both transports.
func eachSeed(t *testing.T, o emulator.Options, test func(*emulatortest.Rig)) {
	t.Helper()
	eachTransport(t, func(t *testing.T, cfg Config) { emulated(cfg).EachSeed(t, o, test) })
}

func TestEmulatorSpeaksEveryWord(t *testing.T) {
	outputs := []audio.Format{
		{Encoding: audio.PCM16, Rate: 24000},
		{Encoding: audio.MuLaw, Rate: 8000},
		{Encoding: audio.ALaw, Rate: 8000},
		{Encoding: audio.WAV, Rate: 48000},
		{Encoding: audio.PCM16, Rate: 22050},
	}
	eachTransport(t, func(t *testing.T, cfg Config) {
		for seed := range uint64(upstreamtest.Seeds) {
			o := emulator.Options{Seed: seed}
			if seed%2 == 1 {
				o.Pace = 20 // slow enough for requests to come in among each other
			}
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				emulated(cfg).Run(t, o, func(r *emulatortest.Rig) { speaksEveryWord(r, outputs[seed%uint64(len(outputs))]) })
			})
		}
	})
}

func speaksEveryWord(r *emulatortest.Rig, output audio.Format) {
	r.Helper()
	req := r.Request
	req.Output = output
	r.WantWhole(r.Say(req, emulatortest.Sentences()...), output, formats...)
	if st := r.Server.Stats(); st.MaxOpenSockets != 1 || len(st.Streams) != len(emulatortest.Sentences()) {
		r.Errorf("got %d sockets and %d requests, want 1 and a request a piece", st.MaxOpenSockets, len(st.Streams))
	}
}

// TestEmulatorHearsWordsAsTheyCome has a piece for each word, and one stream after the other in one conversation.
func TestEmulatorHearsWordsAsTheyCome(t *testing.T) {
	emulated(defaults).Run(t, emulator.Options{Seed: 5}, func(r *emulatortest.Rig) {
		for i := range 3 {
			req := r.Named(fmt.Sprintf("gen-%d", i))
			req.Affinity = "conversation"
			h := r.Say(req, append(strings.Fields(emulatortest.Text()), "")...)
			r.WantWords(h, emulatortest.Text())
			r.WantPieces(h, len(voice.Words(emulatortest.Text()))+1)
		}
		if st := r.Server.Stats(); st.Sockets > 6 {
			r.Errorf("got %d sockets for 39 requests", st.Sockets)
		}
	})
}

func TestEmulatorStopsWithinMoments(t *testing.T) {
	var took []time.Duration // from Close to the vendor
	eachSeed(t, emulator.Options{Pace: 5}, func(r *emulatortest.Rig) {
		l := r.Begin(r.Request)
		l.MustOrder(false, emulatortest.Sentences()[:2]...)
		r.Await("audio of the first of two requests", func(st emulator.Stats) bool { return len(st.Streams) == 2 && st.Streams[0].Audio > 0 })
		began := time.Now()
		l.Stop(errStop)
		r.Await("both requests are stopped", func(st emulator.Stats) bool { return len(st.Cancels) == 2 && st.OpenContexts == 0 })
		if r.Failed() {
			return
		}
		took = append(took, r.Server.Stats().Cancels[1].At.Sub(began))
		l.WantStopped(errStop)
		// What is late of them must not be taken for the next stream's.
		if h := r.Say(r.Named("gen-2"), "Yes?"); !slices.Equal(r.Words(h, []string{"yes"}), []string{"yes"}) {
			r.Errorf("heard something else than the next stream, which ended with %v", h.Err)
		}
	})
	if t.Failed() {
		return
	}
	slices.Sort(took)
	if median := took[len(took)/2]; median > 20*time.Millisecond {
		t.Errorf("the vendor hears of a cancel after %v, want 20ms at most", median)
	}
}

func TestEmulatorKeepsStreamsApart(t *testing.T) {
	eachTransport(t, func(t *testing.T, cfg Config) {
		emulated(cfg).Run(t, emulator.Options{Seed: 3}, func(r *emulatortest.Rig) {
			r.KeepApart(32, "wordNAME saidNAME", "twiceNAME")
			// The vendor takes a request off its books a moment after it has told the client that it is over.
			over := r.Server.WaitFor(func(st emulator.Stats) bool { return st.OpenContexts == 0 }, 5*time.Second)
			if st := r.Server.Stats(); st.MaxOpenContexts > defaults.RequestsPerSocket*st.MaxOpenSockets || !over {
				r.Errorf("got %d requests at once on %d sockets, %d of them still open", st.MaxOpenContexts, st.MaxOpenSockets, st.OpenContexts)
			}
		})
	})
}

// TestEmulatorIsNeverTooFast orders more pieces than a socket takes in a minute, and cancels as many.
func TestEmulatorIsNeverTooFast(t *testing.T) {
	const settings = 6 // windows and what counts in them: four settings
	eachTransport(t, func(t *testing.T, cfg Config) {
		emulated(cfg).FirstSeeds(t, min(settings, upstreamtest.Seeds), emulator.Options{}, func(r *emulatortest.Rig) {
			for i := range 75 {
				req := r.Named(fmt.Sprintf("gen-%d", i))
				if i%3 > 0 {
					if h := r.Say(req, "Yes.", "No."); h.Err != nil {
						r.Fatalf("stream %d: %v", i, h.Err)
					}
					continue
				}
				l := r.Begin(req)
				l.MustOrder(false, emulatortest.Sentences()[0])
				_ = l.Close(func(cause error) error { return l.Stream.Close(r.Context(), cause) }, errStop) // told or not
			}
			if st := r.Server.Stats(); st.Sockets < 3 {
				r.Errorf("got %d sockets for 125 requests", st.Sockets)
			}
		})
	})
}

func TestEmulatorRefusesAWrongKey(t *testing.T) {
	eachTransport(t, func(t *testing.T, cfg Config) {
		emulated(cfg).WithKey("sk_api_wrong").EachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
			_, err := r.TryOpen(r.Request)
			r.WantKind(err, upstream.AuthFailed)
		})
	})
}

func TestEmulatorKeepsSilentAboutAVoice(t *testing.T) {
	eachSeed(t, emulator.Options{}, func(r *emulatortest.Rig) {
		p := r.Provider.(*provider)
		p.cfg.Silence = 100 * time.Millisecond
		req := r.Request
		req.Voice = "v_00000000"
		if h := r.Say(req, emulatortest.Sentences()...); upstream.KindOf(h.Err) != upstream.NoAudio || h.Frames > 0 {
			r.Errorf("got %v after %d frames, want no_audio", h.Err, h.Frames)
		}
		p.cfg.Silence = defaults.Silence // a busy machine may need it
		if h := r.Say(r.Named("gen-2"), emulatortest.Sentences()...); h.Err != nil {
			r.Errorf("another voice: %v", h.Err)
		}
	})
}

func TestEmulatorFails(t *testing.T) {
	for fault, c := range map[string]struct {
		kind   upstream.Kind
		atOpen bool
	}{
		"refuse:401":                        {upstream.AuthFailed, true},
		"refuse:402":                        {upstream.NoCredit, true},
		"refuse:429":                        {upstream.Throttled, true},
		"refuse:503":                        {upstream.ConnectFailed, true},
		"refuse:4001":                       {upstream.Dropped, true},
		"drop:300ms":                        {upstream.Dropped, false},
		"garbage:300ms":                     {upstream.Garbled, false},
		"close:1011:300ms":                  {upstream.UpstreamError, false},
		"close:4000:300ms":                  {upstream.Dropped, false},
		"error:auth_failed":                 {upstream.AuthFailed, false},
		"error:synthesis_failed:300ms":      {upstream.UpstreamError, false},
		"error:duplicate_request":           {upstream.Rejected, false},
		"error:rate_limit_exceeded:session": {upstream.Throttled, false},
		"error:text_too_long":               {upstream.Rejected, false},
		"error:out_of_credits:session":      {upstream.UpstreamError, false},
		"empty":                             {upstream.NoAudio, false},
		"late:10s":                          {upstream.NoAudio, false},
		"wrong_length":                      {"", false}, // for the listener to judge
		"odd_chunks":                        {"", false},
		"null_cost":                         {"", false},
	} {
		eachTransport(t, func(t *testing.T, cfg Config) {
			t.Run(fault, func(t *testing.T) {
				o := emulator.Options{Seed: 7, Fault: emulatortest.Fault(t, fault)}
				emulated(cfg).Run(t, o, func(r *emulatortest.Rig) { fails(r, c.kind, c.atOpen) })
			})
		})
	}
}

// fails meets a fault, as the stream opens or later; an empty kind is that of a good end. The next stream is spoken.
func fails(r *emulatortest.Rig, kind upstream.Kind, atOpen bool) {
	r.Helper()
	p := r.Provider.(*provider)
	if r.Options.Fault.Kind == emulator.Late {
		p.cfg.Silence = 100 * time.Millisecond
	}
	if atOpen {
		_, err := r.TryOpen(r.Request)
		r.WantKind(err, kind)
	} else if h := r.Say(r.Request, emulatortest.Sentences()...); kind != "" || h.Err != nil {
		r.WantKind(h.Err, kind)
	}
	r.Server.SetFault(emulator.Fault{})
	p.cfg.Silence = defaults.Silence
	if h := r.Say(r.Named("gen-2"), emulatortest.Sentences()...); h.Err != nil {
		r.Errorf("afterwards: %v", h.Err)
	}
}

// TestEmulatorStalls has a vendor that sends no more, which is for others to find out, and one that is slow.
func TestEmulatorStalls(t *testing.T) {
	for _, kind := range []emulator.FaultKind{emulator.Stall, emulator.Slow} {
		eachTransport(t, func(t *testing.T, cfg Config) {
			fault := emulator.Fault{Kind: kind, After: 300 * time.Millisecond}
			emulated(cfg).Run(t, emulator.Options{Seed: 9, Fault: fault}, stalls)
		})
	}
}

func stalls(r *emulatortest.Rig) {
	r.Helper()
	l := r.Begin(r.Request)
	l.MustOrder(true, emulatortest.Text())
	r.Await("audio", func(st emulator.Stats) bool {
		return len(st.Streams) == 1 && st.Streams[0].Audio >= 100*time.Millisecond
	})
	select {
	case <-l.Ended():
		r.Errorf("ended with %v", l.Heard().Err)
	case <-time.After(200 * time.Millisecond):
	}
	_ = l.Close(func(cause error) error { return l.Stream.Close(r.Context(), cause) }, errStop) // told or not
	r.AwaitCancels(1)
}

// The vendor finds each stream by the id that is told of it.
func TestEmulatorRequestIDs(t *testing.T) { emulated(defaults).RequestIDs(t, "drop:200ms", "") }
