package vendorhttp

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

var errEnough = errors.New("enough")

// spoken is the audio of texts, one after another.
func spoken(texts ...string) (all []byte) {
	for _, text := range texts {
		all = append(all, upstreamtest.Speech(text)...)
	}
	return all
}

// want checks a good end, and what was heard.
func (r *rig) want(h upstreamtest.Heard, texts ...string) {
	r.Helper()
	if h.Err != nil || !bytes.Equal(h.Audio, spoken(texts...)) {
		r.Errorf("got %d bytes and %v, want %d bytes", len(h.Audio), h.Err, len(spoken(texts...)))
	}
}

var threeTexts = []string{"One is first.", "Two comes next.", "Three is last."}

// So many requests are under way as the configuration says, and what has none yet is withheld.
func TestRequestsAheadAreBounded(t *testing.T) {
	for prefetch := range 3 {
		v, slow := new(vendor), 10*time.Second
		run(t, Config{Prefetch: prefetch}, func(w http.ResponseWriter, r *http.Request) {
			text, _ := v.note(r)
			time.Sleep(slow)
			say(w, text)
		}, func(r *rig) {
			l := r.open()
			l.MustOrder(true, threeTexts...)
			synctest.Wait()
			if got := len(v.asked()); got != prefetch+1 {
				r.Errorf("prefetch %d: %d requests are under way", prefetch, got)
			}
			if kept := l.Heard().Withheld; kept != len(threeTexts)-prefetch-1 {
				r.Errorf("prefetch %d: %d pieces are withheld", prefetch, kept)
			}
			r.want(l.Finish(), threeTexts...)
		})
	}
}

// An answer that comes before its turn waits for it.
func TestAnswersKeepTheirOrder(t *testing.T) {
	v := new(vendor)
	run(t, Config{Prefetch: 2}, func(w http.ResponseWriter, r *http.Request) {
		text, _ := v.note(r)
		time.Sleep(time.Duration(10-slices.Index(threeTexts, text)) * time.Second) // the later ones are faster
		say(w, text)
	}, func(r *rig) {
		l := r.open()
		l.MustOrder(true, threeTexts...)
		h := l.Finish()
		r.want(h, threeTexts...)
		if !slices.Equal(h.Pieces, []int{0, 1, 2}) {
			r.Errorf("pieces ended as %v", h.Pieces)
		}
	})
}

// A failure is told once what was ordered before it has been heard, and nothing after it is.
func TestAFailureWaitsForItsTurn(t *testing.T) {
	v := new(vendor)
	run(t, Config{Prefetch: 1, RequestIDHeader: "x-id"}, func(w http.ResponseWriter, r *http.Request) {
		text, _ := v.note(r)
		w.Header().Set("x-id", text[:3])
		if text == threeTexts[1] {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		time.Sleep(time.Second)
		say(w, text)
	}, func(r *rig) {
		l := r.open()
		l.MustOrder(true, threeTexts...)
		h := l.Finish()
		var e *upstream.Error
		if !errors.As(h.Err, &e) || e.Kind != upstream.Rejected || e.RequestID != "Two" || e.RetryAfter != 3*time.Second {
			r.Errorf("got %+v, want the second request's refusal", h.Err)
		}
		if !bytes.Equal(h.Audio, spoken(threeTexts[0])) || len(v.asked()) != 2 {
			r.Errorf("heard %d bytes of %q", len(h.Audio), v.asked())
		}
		if h.Usage.RequestID != "Two" || h.Usage.Withheld != 1 {
			r.Errorf("got usage %+v", h.Usage)
		}
	})
}

// A piece that is too long is several requests, and ends once.
func TestALongPieceIsSeveralRequests(t *testing.T) {
	v := new(vendor)
	run(t, Config{MaxInput: 10, Prefetch: 1}, func(w http.ResponseWriter, r *http.Request) {
		text, _ := v.note(r)
		_, _ = w.Write(append(upstreamtest.Speech(text), 1)) // which ends within a sample
	}, func(r *rig) {
		l := r.open()
		l.MustOrder(true, "Eleven is more than ten.", "Ten is ten.")
		h := l.Finish()
		parts := []string{"Eleven is", "more than", "ten.", "Ten is", "ten."}
		if got := v.asked(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(parts))) {
			r.Errorf("asked for %q", got)
		}
		var want []byte
		for _, part := range parts {
			want = append(want, append(upstreamtest.Speech(part), 1, 0)...)
		}
		if h.Err != nil || !bytes.Equal(h.Audio, want) || !slices.Equal(h.Pieces, []int{0, 1}) {
			r.Errorf("got %d bytes of %d, pieces %v, %v", len(h.Audio), len(want), h.Pieces, h.Err)
		}
	})
}

// An answer without audio is no speech, but nothing is asked for a last piece that is empty.
func TestAnAnswerWithoutAudio(t *testing.T) {
	v := new(vendor)
	run(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		if text, nth := v.note(r); nth == 0 {
			say(w, text)
		}
	}, func(r *rig) {
		l := r.open()
		l.MustOrder(true, "One.", "")
		r.want(l.Finish(), "One.")
		l = r.open()
		l.MustOrder(true, "Two.")
		if h := l.Finish(); upstream.KindOf(h.Err) != upstream.NoAudio {
			r.Errorf("got %v, want no_audio", h.Err)
		}
	})
}

// Requests that follow each other share a connection, and so do those of another stream.
func TestConnectionsAreKept(t *testing.T) {
	v := new(vendor)
	run(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		text, _ := v.note(r)
		say(w, text)
	}, func(r *rig) {
		for range 2 {
			l := r.open()
			l.MustOrder(true, threeTexts...)
			r.want(l.Finish(), threeTexts...)
		}
		synctest.Wait()
		if idle, busy := r.Sockets(); r.dials.Load() != 1 || idle != 1 || busy != 0 {
			r.Errorf("%d connections were opened, %d are idle and %d busy; want one, idle", r.dials.Load(), idle, busy)
		}
	})
}

// A cancel aborts what is under way, and neither it nor silence is mistaken for an end of the connection's life elsewhere.
func TestAnAbortReachesTheVendor(t *testing.T) {
	aborted := make(chan time.Time, 2)
	run(t, Config{Prefetch: 1}, func(w http.ResponseWriter, r *http.Request) {
		new(vendor).note(r)
		say(w, "Something.")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		aborted <- time.Now()
	}, func(r *rig) {
		l := r.open()
		l.MustOrder(true, threeTexts...)
		time.Sleep(time.Second)
		if idle, busy := r.Sockets(); idle != 0 || busy != 2 {
			r.Errorf("%d connections are idle and %d busy, want two busy", idle, busy)
		}
		told := time.Now()
		l.Stop(errEnough)
		l.WantStopped(errEnough)
		for range 2 {
			if at := <-aborted; !at.Equal(told) {
				r.Errorf("aborted %v after the cancel", at.Sub(told))
			}
		}
		if h := l.Heard(); h.Usage.Withheld != 1 {
			r.Errorf("got usage %+v, want one piece that nobody was asked for", h.Usage)
		}
	})
}

// A kept connection that ends when the next request comes had been closed: the request is made again, once, on another one.
// A new connection that does so is a failure.
func TestARequestIsMadeAgain(t *testing.T) {
	for name, c := range map[string]struct {
		broken []int // requests whose connection ends
		asked  int
		kind   upstream.Kind
	}{
		"a kept connection": {[]int{1}, 3, ""},
		"a new one":         {[]int{0}, 1, upstream.Dropped},
		"both":              {[]int{1, 2}, 3, upstream.Dropped},
	} {
		t.Run(name, func(t *testing.T) {
			v := new(vendor)
			run(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
				text, nth := v.note(r)
				if !slices.Contains(c.broken, nth) {
					say(w, text)
					return
				}
				if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
					_ = conn.Close()
				}
			}, func(r *rig) {
				l := r.open()
				l.Order(true, "One.", "Two.") // the first may fail before the second is ordered
				h := l.Finish()
				if c.kind != "" && upstream.KindOf(h.Err) != c.kind || c.kind == "" && h.Err != nil || len(v.asked()) != c.asked {
					r.Errorf("got %v after %q, want %q after %d requests", h.Err, v.asked(), c.kind, c.asked)
				}
			})
		})
	}
}

// A stream that was given up for its silence takes the kept connections along: they may be dead as well.
func TestSilenceCastsDoubtOnKeptConnections(t *testing.T) {
	for cause, kept := range map[error]int{
		&upstream.Error{Kind: upstream.Stalled}: 0,
		errEnough:                               1,
	} {
		v := new(vendor)
		run(t, Config{Prefetch: 1}, func(w http.ResponseWriter, r *http.Request) {
			if text, nth := v.note(r); nth < 2 {
				time.Sleep(time.Second)
				say(w, text)
				return
			}
			<-r.Context().Done()
		}, func(r *rig) {
			l := r.open()
			l.MustOrder(true, "One.", "Two.") // on two connections
			r.want(l.Finish(), "One.", "Two.")
			opened := int(r.dials.Load())
			l = r.open()
			l.MustOrder(true, "Three.")
			time.Sleep(time.Second)
			l.Stop(cause)
			synctest.Wait()
			if idle, _ := r.Sockets(); idle != kept*(opened-1) {
				r.Errorf("%v: %d of %d connections are kept", cause, idle, opened)
			}
		})
	}
}

// The explanation of a refusal that does not come to its end is not waited for.
func TestARefusalIsNotWaitedFor(t *testing.T) {
	run(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		new(vendor).note(r)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("because"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, func(r *rig) {
		began := time.Now()
		l := r.open()
		l.MustOrder(true, "One.")
		if h := l.Finish(); upstream.KindOf(h.Err) != upstream.Rejected || time.Since(began) != refusalPatience {
			r.Errorf("got %v after %v", h.Err, time.Since(began))
		}
	})
}

// A vendor to which no connection can be made in time is not connected, whatever its network says.
func TestConnectingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		c := New(Config{HTTP: &http.Client{Transport: &http.Transport{DialContext: never}}})
		r := &rig{T: t, Client: c, dialect: plain{"http://vendor.test"}}
		began := time.Now()
		l := r.open()
		l.MustOrder(true, "One.")
		h := l.Finish()
		if h.Usage.Withheld != 1 || h.Withheld != 1 {
			t.Errorf("%d pieces are withheld, and %d unheard of; want one", h.Withheld, h.Usage.Withheld)
		}
		if upstream.KindOf(h.Err) != upstream.ConnectFailed || upstream.ClassOf(h.Err) != upstream.ClassTimeout || time.Since(began) != connectPatience {
			t.Errorf("got %v (%s) after %v", h.Err, upstream.ClassOf(h.Err), time.Since(began))
		}
		l = r.open()
		l.MustOrder(true, "One.")
		time.Sleep(time.Second)
		l.Stop(errEnough)
		l.WantStopped(errEnough)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := c.Open(t.Context(), r.dialect, upstreamtest.NewSink(t)); upstream.KindOf(err) != upstream.ConnectFailed {
			t.Errorf("after Close: got %v", err)
		}
	})
}

// early is plain, but for a Play that needs only the beginning.
type early struct{ plain }

func (early) Play(a *Answer) *upstream.Error {
	data, fault := a.next()
	if fault == nil {
		a.Audio(upstream.Frame{Format: pcm24, Raw: data})
	}
	return fault
}

// What little follows the end of speech is read, so that the connection is kept; a body that goes on costs it.
func TestTheRestOfAnAnswerIsDrained(t *testing.T) {
	for name, c := range map[string]struct {
		rest func(w http.ResponseWriter, r *http.Request)
		kept int
	}{
		"a little more": {func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(drainPatience / 2)
			say(w, "A little more.")
		}, 1},
		"no end": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0},
		"a lot": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write(make([]byte, 4096))
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
				new(vendor).note(r)
				say(w, "One.")
				_ = http.NewResponseController(w).Flush()
				c.rest(w, r)
			}, func(r *rig) {
				r.dialect = early{plain{"http://vendor.test"}}
				l := r.open()
				l.MustOrder(true, "One.")
				if h := l.Finish(); h.Err != nil {
					r.Error(h.Err)
				}
				time.Sleep(2 * drainPatience)
				synctest.Wait()
				if idle, busy := r.Sockets(); idle != c.kept || busy != 0 {
					r.Errorf("%d connections are idle and %d busy, want %d idle", idle, busy, c.kept)
				}
			})
		})
	}
}
