package soniox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// Three sockets: one more is refused by the upgrade or by a message, until one of them is over.
func TestSonioxLimitsSockets(t *testing.T) {
	for _, inBand := range []bool{false, true} {
		t.Run(fmt.Sprintf("in band %t", inBand), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serve(t, engine.Options{}, "limit:sockets", fmt.Sprintf("fourthInBand:%t", inBand), "closeCode:1008")
				first := w.Connect(t, path, nil)
				w.Connect(t, path, nil)
				w.Connect(t, path, nil)
				conn, response, err := w.TryDial(t, path, nil)
				switch {
				case inBand && err == nil:
					fourth := client{enginetest.Attach(t, w.Server, conn)}
					if got := fourth.Fields(); got["error_code"] != 429.0 || got["stream_id"] != nil {
						t.Errorf("got %v, want an error 429 of no stream", got)
					}
					if got := fourth.closeCode(); got != 1008 {
						t.Errorf("got close code %d, want 1008", got)
					}
				case inBand || response == nil || response.StatusCode != http.StatusTooManyRequests:
					t.Errorf("got %v, want status 429", err)
				}
				_ = first.Conn.CloseNow() // the first leaves
				first.Await("its end", func(st engine.Stats) bool { return st.OpenSockets == 2 })
				if st := w.Server.Stats(); st.Refused != 1 || st.MaxOpenSockets != 3 {
					t.Errorf("got %d refused and %d sockets at once, want 1 and 3", st.Refused, st.MaxOpenSockets)
				}
				again := client{w.Connect(t, path, nil)}
				again.Send(configOf("a", ""), textOf("a", "Hello.", true))
				again.until("a", "audio_end")
			})
		})
	}
}

// An account with the default limits begins a hundred streams a minute.
func TestSonioxLimitsStreamsAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, engine.Options{}, "limit:sockets")
		speak := func(id string) (refused bool) {
			c.Send(configOf(id, ""), textOf(id, "Yes.", true))
			all := c.until(id, "terminated")
			return all[0]["error_code"] == 429.0
		}
		for i := range maxRequests {
			if speak(fmt.Sprint(i)) {
				t.Fatalf("stream %d was refused", i)
			}
		}
		if !speak("one more") {
			t.Error("one more was not refused")
		}
		time.Sleep(time.Minute)
		if speak("later") {
			t.Error("a minute later one was refused")
		}
	})
}

// Three streams in all, whatever their sockets.
func TestSonioxLimitsStreamsOfTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(t, engine.Options{}, "limit:streams")
		one, other := client{w.Connect(t, path, nil)}, client{w.Connect(t, path, nil)}
		one.Send(configOf("a", ""), configOf("b", ""))
		one.Await("two streams", func(st engine.Stats) bool { return st.OpenContexts == 2 })
		other.Send(configOf("a", ""), configOf("b", ""))
		if got := other.until("b", "terminated")[0]; got["error_code"] != 429.0 || !strings.Contains(got["error_message"].(string), "tier") {
			t.Errorf("got %v, want an error 429 that names the tier", got)
		}
	})
}

// Without a word a socket is closed after three minutes, unless it is kept alive.
func TestSonioxSilence(t *testing.T) {
	for name, tt := range map[string]struct {
		quirk string
		stir  func(*testing.T, client)
		want  time.Duration
	}{
		"nothing":           {"pingsCount:true", func(*testing.T, client) {}, silence},
		"a keep-alive":      {"pingsCount:false", func(_ *testing.T, c client) { c.Send(`{"keep_alive":true}`) }, silence + time.Minute},
		"a ping counts":     {"pingsCount:true", ping, silence + time.Minute},
		"a ping counts not": {"pingsCount:false", ping, silence},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, engine.Options{}, tt.quirk, "closeCode:1000")
				began := time.Now()
				time.Sleep(time.Minute)
				tt.stir(t, c)
				if got := c.closeCode(); got != 1000 {
					t.Errorf("got close code %d, want 1000", got)
				}
				if took := time.Since(began).Round(time.Second); took != tt.want {
					t.Errorf("closed after %v, want %v", took, tt.want)
				}
			})
		})
	}
}

func ping(t *testing.T, c client) {
	if err := c.Conn.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

// A stream lives for two minutes of audio, whatever text it has.
func TestSonioxStreamsLiveForTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, engine.Options{}, "limit:none", "killTells:false", "oddChunks:false", "hold:sentence")
		c.Send(configOf("a", ""))
		for range 20 {
			c.Send(textOf("a", strings.Repeat("This is one of many sentences. ", 10), false))
		}
		all := c.until("a", "terminated")
		for _, o := range all {
			if o["audio_end"] != nil || o["error_code"] != nil {
				t.Errorf("got %v before the end", o)
			}
		}
		got := audio.Duration(int64(len(sound(t, all))/2), engine.NativeRate)
		if got < lifetime || got > lifetime+time.Second {
			t.Errorf("got %v of audio, want %v", got, lifetime)
		}
	})
}

// The time in which text must come passes while there is audio, or it does not.
func TestSonioxKillsStreamsThatSpeak(t *testing.T) {
	for _, pauses := range []bool{false, true} {
		t.Run(fmt.Sprintf("pauses %t", pauses), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dial(t, engine.Options{Pace: 1}, "limit:none", fmt.Sprintf("inputPauses:%t", pauses), "inputSeconds:8", "killTells:false", "hold:sentence")
				began := time.Now()
				c.Send(configOf("a", ""), textOf("a", strings.Repeat("These words take their time, all of them. ", 8), false))
				c.until("a", "terminated")
				const patience = 8 * time.Second
				spoken := c.Server.Stats().Streams[0].Audio
				if took := time.Since(began); pauses != (took > patience+time.Second) || spoken < patience-time.Second {
					t.Errorf("killed after %v, with %v of audio", took, spoken)
				}
			})
		})
	}
}
