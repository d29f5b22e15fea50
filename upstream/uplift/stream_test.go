package uplift

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestAudioWaitsForItsTurn(t *testing.T) {
	byHand(t, defaults, func(t *testing.T, r *rig) {
		s := r.open(request1)
		s.speak("One.", false)
		s.speak("Two.", false)
		s.speak("Three.", true)
		l := <-r.lines
		l.say(audioOf("gen-1.2", 5, 5))
		l.say(audioOf("gen-1.1", 3, 3))
		l.say(endOf("gen-1.2"))
		synctest.Wait()
		if h := s.sink.Heard(); len(h.Audio) > 0 {
			t.Errorf("got %v before the first piece", h.Audio)
		}
		l.say(audioOf("gen-1.0", 1, 1))
		l.say(audioOf("gen-1.1", 4, 4))
		l.say(audioOf("gen-1.0", 2, 2))
		l.say(endOf("gen-1.0"))
		synctest.Wait()
		if h := s.sink.Heard(); !slices.Equal(h.PieceBytes, []int{4}) || len(h.Audio) != 8 {
			t.Errorf("got %v with piece ends %v, want all there is of two pieces", h.Audio, h.PieceBytes)
		}
		l.say(audioOf("gen-1.1", 4, 4))
		l.say(endOf("gen-1.1"))
		s.wantEnd("")
		h := s.sink.Heard()
		if want := []byte{1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5}; !slices.Equal(h.Audio, want) || !slices.Equal(h.PieceBytes, []int{4, 10, 12}) {
			t.Errorf("got %v with piece ends %v, want %v", h.Audio, h.PieceBytes, want)
		}
		s.close(nil)
	})
}

func TestAnErrorWaitsForThePiecesBeforeIt(t *testing.T) {
	byHand(t, defaults, func(t *testing.T, r *rig) {
		s := r.open(request1)
		s.speak("One.", false)
		s.speak("Two.", false)
		s.speak("Three.", false)
		l := <-r.lines
		l.say(audioOf("gen-1.0", 1, 1))
		l.say(errorFor("gen-1.1", "synthesis_failed"))
		s.wantOpen()
		l.say(audioOf("gen-1.0", 2, 2))
		l.say(endOf("gen-1.0"))
		s.wantEnd(upstream.UpstreamError)
		if h := s.sink.Heard(); len(h.Audio) != 4 || !slices.Equal(h.Pieces, []int{0}) {
			t.Errorf("got %v and piece ends %v, want the first piece whole", h.Audio, h.Pieces)
		}
		for i := range 3 {
			l.wantOrder(t, "synthesize", "gen-1."+string(rune('0'+i)))
		}
		s.close(nil)
		l.wantOrder(t, "cancel", "gen-1.2") // which will not be heard, but would be paid for
		l.wantQuiet(t)
	})
}

func TestClosingCancelsWhatIsUnderWay(t *testing.T) {
	for _, transport := range transports {
		byHand(t, over(transport), func(t *testing.T, r *rig) {
			s := r.open(request1)
			s.speak("One.", false)
			s.speak("Two.", false)
			s.speak("Three.", false)
			l := <-r.lines
			for i := range 3 {
				l.wantOrder(t, "synthesize", "gen-1."+string(rune('0'+i)))
			}
			l.say(audioOf("gen-1.1", 1, 1))
			l.say(endOf("gen-1.1"))
			synctest.Wait()
			s.close(errStop)
			l.wantOrder(t, "cancel", "gen-1.0")
			l.wantOrder(t, "cancel", "gen-1.2")
			l.say(audioOf("gen-1.0", 1, 1)) // late, which the sink fails on
			l.say(endOf("gen-1.0"))
			if h := s.sink.Heard(); !errors.Is(h.Err, errStop) {
				t.Errorf("got %v, want the cause", h.Err)
			}
			l.wantQuiet(t)
		})
	}
}

// TestHalfASampleShiftsNothing has a piece that ends in the middle of a sample.
func TestHalfASampleShiftsNothing(t *testing.T) {
	for format, want := range map[audio.Format][]byte{
		{Encoding: audio.PCM16, Rate: 24000}: {1, 2, 3, 0, 4, 5},
		{Encoding: audio.MuLaw, Rate: 8000}:  {1, 2, 3, 4, 5},
	} {
		byHand(t, defaults, func(t *testing.T, r *rig) {
			req := request1
			req.Output = format
			s := r.open(req)
			s.speak("One.", false)
			s.speak("Two.", true)
			l := <-r.lines
			l.say(audioOf("gen-1.0", 1, 2, 3))
			l.say(endOf("gen-1.0"))
			l.say(audioOf("gen-1.1", 4, 5))
			l.say(endOf("gen-1.1"))
			s.wantEnd("")
			if h := s.sink.Heard(); !slices.Equal(h.Audio, want) || h.PieceBytes[0] != len(want)-2 {
				t.Errorf("got %v with piece ends %v, want %v", h.Audio, h.PieceBytes, want)
			}
			s.close(nil)
		})
	}
}

// TestSilenceIsNoAudio has a voice that the vendor does not know, in the ways in which it may keep silent about it.
func TestSilenceIsNoAudio(t *testing.T) {
	start := reply{"type": "audio_start", "requestId": "gen-1.0", "timestamp": 1}
	for name, c := range map[string]struct {
		says []reply
		took time.Duration
	}{
		"nothing at all":         {nil, 4 * time.Second},
		"a beginning":            {[]reply{start}, 4 * time.Second},
		"empty audio":            {[]reply{start, audioOf("gen-1.0")}, 4 * time.Second},
		"a beginning and an end": {[]reply{start, endOf("gen-1.0")}, 0},
		"an end of empty audio":  {[]reply{audioOf("gen-1.0"), endOf("gen-1.0")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			byHand(t, defaults, func(t *testing.T, r *rig) {
				s := r.open(request1)
				time.Sleep(time.Minute) // a language model that thinks
				began := time.Now()
				s.speak("One.", false)
				l := <-r.lines
				for _, m := range c.says {
					l.say(m)
				}
				<-s.sink.Ended()
				s.wantEnd(upstream.NoAudio)
				if took := time.Since(began); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				s.close(nil)
				l.wantOrder(t, "synthesize", "gen-1.0")
				if c.took > 0 {
					l.wantOrder(t, "cancel", "gen-1.0")
				}
				l.wantQuiet(t)
			})
		})
	}
}

// TestSilenceLaterIsNotTheVoices leaves stalls to those who know what is owed.
func TestSilenceLaterIsNotTheVoices(t *testing.T) {
	byHand(t, defaults, func(t *testing.T, r *rig) {
		s := r.open(request1)
		s.speak("One.", false)
		l := <-r.lines
		l.say(audioOf("gen-1.0", 1, 1))
		time.Sleep(time.Minute)
		l.say(endOf("gen-1.0"))
		synctest.Wait()
		s.speak("Two.", false)
		time.Sleep(time.Minute)
		s.wantOpen()
		l.say(endOf("gen-1.1"))
		s.wantEnd(upstream.NoAudio) // the words of this piece are missing all the same
		s.close(nil)
	})
}

func TestARunawayIsStopped(t *testing.T) {
	byHand(t, defaults, func(t *testing.T, r *rig) {
		s := r.open(request1)
		s.speak("One.", false)
		s.speak("Two.", false)
		l := <-r.lines
		chunk := make([]byte, 90_000) // two seconds
		for range 40 {
			l.say(audioOf("gen-1.1", chunk...))
			l.say(audioOf("gen-1.0", 1, 1)) // the piece whose turn it is may be as long as it is: its listener judges
		}
		l.say(endOf("gen-1.0"))
		s.wantEnd(upstream.Garbled)
		held := 0
		for _, request := range s.queue {
			for _, base64 := range request.held {
				held += len(base64)
			}
		}
		if limit := heldBase + heldPerByte*len("Two."); held > limit {
			t.Errorf("%d bytes are held, want at most %d", held, limit)
		}
		s.close(nil)
		l.wantOrder(t, "synthesize", "gen-1.0")
		l.wantOrder(t, "synthesize", "gen-1.1")
		l.wantOrder(t, "cancel", "gen-1.1")
	})
}

func TestASocketMayDieBeforeTheFirstPiece(t *testing.T) {
	byHand(t, defaults, func(t *testing.T, r *rig) {
		s := r.open(request1)
		(<-r.lines).Drop()
		s.wantOpen() // nothing has been said on it
		s.speak("One.", true)
		l := <-r.lines
		l.wantOrder(t, "synthesize", "gen-1.0")
		l.say(audioOf("gen-1.0", 1, 1))
		l.say(endOf("gen-1.0"))
		s.wantEnd("")
		s.close(nil)
	})
}

func TestALostSocketTakesAllItsRequests(t *testing.T) {
	byHand(t, defaults, func(t *testing.T, r *rig) {
		s := r.open(request1)
		s.speak("One.", false)
		s.speak("Two.", false)
		l := <-r.lines
		l.say(audioOf("gen-1.1", 3, 3))
		l.say(audioOf("gen-1.0", 1, 1))
		synctest.Wait()
		l.Drop()
		s.wantEnd(upstream.Dropped)
		if h := s.sink.Heard(); len(h.Audio) != 2 || len(h.Pieces) > 0 {
			t.Errorf("got %v and piece ends %v, want nothing of what came after the gap", h.Audio, h.Pieces)
		}
		if err := s.Speak(t.Context(), upstream.Piece{ID: 2, Text: "Three."}); upstream.KindOf(err) != upstream.Dropped {
			t.Errorf("Speak: got %v, want dropped", err)
		}
		s.close(nil)
	})
}

// TestNoConnectionForALaterPiece has the socket full and no other to be had: it is refused, or takes too long.
func TestNoConnectionForALaterPiece(t *testing.T) {
	for name, c := range map[string]struct {
		obstruct func(*upstreamtest.Vendor)
		kind     upstream.Kind
	}{
		"refused": {func(v *upstreamtest.Vendor) { v.Refuse(http.StatusTooManyRequests, nil) }, upstream.Throttled},
		"frozen":  {func(v *upstreamtest.Vendor) { v.SetPlan(upstreamtest.Plan{Frozen: true}) }, upstream.ConnectFailed},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := defaults
			cfg.RequestsPerSocket = 1
			byHand(t, cfg, func(t *testing.T, r *rig) {
				s := r.open(request1)
				s.speak("One.", false)
				l := <-r.lines
				l.say(audioOf("gen-1.0", 1, 1))
				c.obstruct(r.vendor)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := s.Speak(ctx, upstream.Piece{ID: 1, Text: "Two.", Last: true}); err != nil {
					t.Errorf("Speak: %v", err)
				}
				s.wantOpen()
				l.say(audioOf("gen-1.0", 2, 2))
				l.say(endOf("gen-1.0"))
				s.wantEnd(c.kind)
				if h := s.sink.Heard(); len(h.Audio) != 4 || !slices.Equal(h.Pieces, []int{0}) {
					t.Errorf("got %v and piece ends %v, want the first piece whole", h.Audio, h.Pieces)
				}
				s.close(nil)
			})
		})
	}
}

func TestAPieceIsGivenUpWhileItConnects(t *testing.T) {
	cfg := defaults
	cfg.RequestsPerSocket = 1
	byHand(t, cfg, func(t *testing.T, r *rig) {
		s := r.open(request1)
		s.speak("One.", false)
		r.vendor.SetPlan(upstreamtest.Plan{Frozen: true})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := s.Speak(ctx, upstream.Piece{ID: 1, Text: "Two."})
		wantKind(t, err, upstream.Canceled)
		s.wantOpen()
		s.close(errStop)
		if h := s.sink.Heard(); !errors.Is(h.Err, errStop) {
			t.Errorf("got %v, want the cause", h.Err)
		}
	})
}

// TestCancelledStreamsCountForAMoment has a vendor that does not say when it has stopped. A stream that it has nothing of
// is gone at once.
func TestCancelledStreamsCountForAMoment(t *testing.T) {
	byHand(t, defaults, func(t *testing.T, r *rig) {
		tests := map[string]struct {
			texts []string
			after time.Duration
		}{
			"one that said nothing":    {nil, 0},
			"one request":              {[]string{"One."}, linger},
			"the last of its requests": {[]string{"One.", "Two.", "Three."}, linger},
		}
		for name, test := range tests {
			s := r.open(request1)
			for _, text := range test.texts {
				s.speak(text, false)
			}
			s.close(errStop)
			left, gone := time.Now(), make(chan time.Time, 2)
			s.WhenGone(func() { gone <- time.Now() })
			if got := (<-gone).Sub(left); got != test.after || len(gone) != 0 {
				t.Errorf("%s: gone after %v, want %v", name, got, test.after)
			}
		}
	})
}

func TestTenantsShareNoSocket(t *testing.T) {
	byHand(t, defaults, func(t *testing.T, r *rig) {
		var all []*spoken
		for _, tenant := range []string{"acme", "zenith", "acme"} {
			req := request1
			req.ID, req.Tenant = strings.Repeat("x", len(all)+1), tenant
			all = append(all, r.open(req))
		}
		if opened, _ := r.vendor.Sockets(); opened != 2 {
			t.Errorf("got %d sockets for two tenants", opened)
		}
		for _, s := range all {
			s.close(nil)
		}
	})
}

// TestRequestsAreRationed speaks more sentences in a minute than a connection takes.
func TestRequestsAreRationed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var counts []int // of the requests on each socket
		r := newRig(t, defaults, func(c *upstreamtest.Conn) {
			l, n := connect(c), 0
			for {
				o, ok := l.hear()
				if !ok {
					break
				}
				n++
				l.say(audioOf(o.RequestID, 1, 1))
				l.say(endOf(o.RequestID))
			}
			mu.Lock()
			defer mu.Unlock()
			counts = append(counts, n)
		})
		s := r.open(request1)
		for range 130 {
			s.speak("No.", false)
			s.wantOpen()
		}
		s.close(nil)
		r.close()
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(counts)
		if !slices.Equal(counts, []int{10, 60, 60}) {
			t.Errorf("got %v requests on the sockets, want 60 at most", counts)
		}
	})
}
