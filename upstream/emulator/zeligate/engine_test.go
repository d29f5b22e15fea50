package zeligate

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// waits is how long a test looks for what must not happen.
const waits = 200 * time.Millisecond

// spoken reports whether the stream at index has audio.
func spoken(index int) func(engine.Stats) bool {
	return func(st engine.Stats) bool { return len(st.Streams) > index && st.Streams[index].Audio > 0 }
}

// The engine speaks for one at a time. For how long a socket has it, is not known.
func TestZeligateSecondSocketWaitsForTheEngine(t *testing.T) {
	tests := map[string]struct {
		quirks []string
		first  []string // what the first socket says before the second comes
		waits  bool
	}{
		"chunk, before text":  {[]string{"hold:chunk", "workers:1"}, []string{bos}, false},
		"chunk, after text":   {[]string{"hold:chunk", "workers:1"}, []string{bos, sentence}, false},
		"speech, before text": {[]string{"hold:speech", "workers:1"}, []string{bos}, false},
		"speech, after text":  {[]string{"hold:speech", "workers:1"}, []string{bos, sentence}, true},
		"stream, before BOS":  {[]string{"hold:stream", "workers:1"}, nil, false},
		"stream, before text": {[]string{"hold:stream", "workers:1"}, []string{bos}, true},
		"two engines":         {[]string{"hold:stream", "workers:2"}, []string{bos}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, base := start(t, engine.Options{}, tt.quirks...)
				first := dial(t, base, "pcm_24000", tt.first...)
				if len(tt.first) > 0 {
					server.WaitFor(func(st engine.Stats) bool { return len(st.Streams) == 1 }, 5*time.Second)
				}
				if len(tt.first) > 1 && !server.WaitFor(spoken(0), 5*time.Second) {
					t.Fatal("the first says nothing")
				}
				pauseFor(t, server) // so that the first has its engine
				second := dial(t, base, "pcm_24000", bos, sentence)
				index := min(len(tt.first), 1)
				if tt.waits && server.WaitFor(spoken(index), waits) {
					t.Error("the second speaks while the first has the engine")
				}
				if tt.waits {
					_ = first.Conn.CloseNow() // that frees the engine
				}
				if !server.WaitFor(spoken(index), 5*time.Second) {
					t.Errorf("the second never speaks (%s)", server.Quirks())
				}
				second.Send(eos)
				if h := second.listen(5 * time.Second); !h.final {
					t.Errorf("got %+v, want an end", h)
				}
			})
		})
	}
}

// pauseFor gives a server's goroutines time for what no stat shows.
func pauseFor(t *testing.T, server *engine.Server) {
	t.Helper()
	server.WaitFor(func(engine.Stats) bool { return false }, 50*time.Millisecond)
}

// A stream ends with its socket. The engine may not notice before its chunk is over, and no other stream has it until then.
func TestZeligateCloseCancels(t *testing.T) {
	for _, lingers := range []string{"lingers:true", "lingers:false"} {
		t.Run(lingers, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, base := start(t, engine.Options{Pace: 4, Chunk: 100 * time.Millisecond}, lingers, "workers:1", "hold:chunk")
				first := dial(t, base, "pcm_24000", bos, longText)
				if !server.WaitFor(spoken(0), 5*time.Second) {
					t.Fatal("the first says nothing")
				}
				if err := first.Conn.Close(1000, ""); err != nil {
					t.Errorf("close: %v", err)
				}
				gone := func(st engine.Stats) bool { return st.OpenSockets == 0 && st.Streams[0].Over }
				if !server.WaitFor(gone, 5*time.Second) {
					t.Fatalf("the stream is not over: %+v", server.Stats())
				}
				seen := server.Stats()
				if len(seen.Cancels) != 1 || seen.Cancels[0].ID != seen.Streams[0].ID {
					t.Errorf("got %+v, want one cancel of the stream", seen)
				}
				dial(t, base, "pcm_24000", bos, sentence)
				if !server.WaitFor(spoken(1), 5*time.Second) {
					t.Fatal("the second says nothing")
				}
				more := spokenAudio(server) - seen.Streams[0].Audio
				if lingering := lingers == "lingers:true"; lingering != (more > 0) {
					t.Errorf("got %v of audio after the close", more)
				}
			})
		})
	}
}

// A stream that has ended, or that never began, is not canceled by its client's leaving.
func TestZeligateCloseBehindTheEndIsNoCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, base := start(t, engine.Options{})
		done := dial(t, base, "pcm_24000", bos, sentence, eos)
		if h := done.listen(5 * time.Second); !h.final {
			t.Fatalf("got %+v, want an end", h)
		}
		spare := dial(t, base, "pcm_24000")
		_ = done.Conn.CloseNow()  // as any client may
		_ = spare.Conn.CloseNow() // likewise
		if !server.WaitFor(func(st engine.Stats) bool { return st.Sockets == 2 && st.OpenSockets == 0 }, 5*time.Second) {
			t.Fatalf("sockets are open: %+v", server.Stats())
		}
		if st := server.Stats(); len(st.Cancels) != 0 || len(st.Streams) != 1 {
			t.Errorf("got %+v, want one stream and no cancel", st)
		}
	})
}

// A faster voice is done sooner.
func TestZeligateSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		length := func(speed string) time.Duration {
			server, base := start(t, engine.Options{})
			bos := `{"text":" ","authorization":"Bearer ` + testKey + `","voice_settings":{"speed":` + speed + `}}`
			if h := dial(t, base, "pcm_24000", bos, longText, eos).listen(5 * time.Second); !h.final {
				t.Fatalf("got %+v, want an end", h)
			}
			return spokenAudio(server)
		}
		got := float64(length("0.8")) / float64(length("1.2"))
		if want := 1.5; got < 0.98*want || got > 1.02*want {
			t.Errorf("0.8 takes %.3f times as long as 1.2, want %v", got, want)
		}
	})
}
