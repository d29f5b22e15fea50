package uplift

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// onBoth runs a test on each transport, with a fault.
func onBoth(t *testing.T, o engine.Options, test func(t *testing.T, server *engine.Server, c *client)) {
	t.Helper()
	for _, transport := range transports() {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			server, base := start(t, o)
			test(t, server, dial(t, base, transport))
		})
	}
}

// bytesOf is a length of the default format.
func bytesOf(d time.Duration) int { return int(d.Seconds() * 2 * sampleRate) }

func TestUpliftStallKeepsTheSocketOpen(t *testing.T) {
	fault := engine.Fault{Kind: engine.Stall, After: 400 * time.Millisecond}
	onBoth(t, engine.Options{Fault: fault}, func(t *testing.T, server *engine.Server, c *client) {
		c.speak("r1", twelveWords, "")
		size := 0
		for size < bytesOf(fault.After) {
			got := c.message()
			if got["type"] == "audio" {
				h := heard{}
				h.take(t, got)
				size += len(h.audio)
			}
		}
		server.SetFault(engine.Fault{})
		c.speak("r2", "One.", "")
		for {
			got := c.message()
			if got["requestId"] == "r1" {
				t.Fatalf("got %v behind the stall", enginetest.Brief(got))
			}
			if got["type"] == "audio_end" {
				break
			}
		}
		server.WaitFor(func(s engine.Stats) bool { return s.Streams[1].Over }, 10*time.Second)
		if s := server.Stats().Streams; s[0].Over || !s[1].Over {
			t.Errorf("got %+v, want the first open and the second over", s)
		}
	})
}

func TestUpliftConnectionEndsAsTheFaultSays(t *testing.T) {
	for text, want := range map[string]websocket.StatusCode{"drop:300ms": -1, "close:4500:200ms": 4500, "close": 1011} {
		fault, err := engine.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(text, func(t *testing.T) {
			onBoth(t, engine.Options{Fault: fault}, func(t *testing.T, server *engine.Server, c *client) {
				c.speak("r", twelveWords, "")
				for {
					_, err := c.read()
					if err == nil {
						continue
					}
					if got := websocket.CloseStatus(err); got != want {
						t.Errorf("got %d (%v), want %d", got, err, want)
					}
					break
				}
				if got := server.Stats().Streams[0].Audio; got < fault.After || got > fault.After+300*time.Millisecond {
					t.Errorf("%v of audio came first, want %v", got, fault.After)
				}
				if !server.WaitFor(func(s engine.Stats) bool { return s.OpenSockets == 0 && s.OpenContexts == 0 }, 10*time.Second) {
					t.Errorf("still open: %+v", server.Stats())
				}
			})
		})
	}
}

// What spoils one request leaves the connection as it is.
func TestUpliftFaultsOfARequest(t *testing.T) {
	tests := map[string]struct {
		shape []string
		most  time.Duration // of audio
	}{
		"empty":                          {shape: []string{"audio_start", "audio_end"}},
		"wrong_length":                   {shape: []string{"audio_start", "audio", "audio_end"}, most: 30 * time.Millisecond},
		"error:synthesis_failed:200ms":   {shape: []string{"audio_start", "audio", "error"}, most: 500 * time.Millisecond},
		"error:rate_limit_exceeded":      {shape: []string{"error"}},
		"error:insufficient_credits:1ms": {shape: []string{"audio_start", "audio", "error"}, most: 300 * time.Millisecond},
	}
	for text, tt := range tests {
		fault, err := engine.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(text, func(t *testing.T) {
			onBoth(t, engine.Options{Fault: fault}, func(t *testing.T, server *engine.Server, c *client) {
				c.speak("r1", twelveWords, "")
				h := c.hear("r1")
				if !slices.Equal(h.shape(), tt.shape) || len(h.audio) > bytesOf(tt.most) {
					t.Errorf("got %v with %d bytes, want %v with at most %d", h.shape(), len(h.audio), tt.shape, bytesOf(tt.most))
				}
				if code, _ := h.last["code"].(string); code != fault.Name {
					t.Errorf("code: got %q, want %q", code, fault.Name)
				}
				server.SetFault(engine.Fault{})
				c.speak("r2", "One.", "")
				if got, want := c.hear("r2").shape(), []string{"audio_start", "audio", "audio_end"}; !slices.Equal(got, want) {
					t.Errorf("the next request: got %v, want %v", got, want)
				}
			})
		})
	}
}

func TestUpliftErrorOfTheSessionNamesNoRequest(t *testing.T) {
	onBoth(t, engine.Options{Fault: engine.Fault{Kind: engine.ErrorFrame, Name: "auth_failed", Session: true}}, func(t *testing.T, _ *engine.Server, c *client) {
		c.speak("r", "One.", "")
		for {
			got := c.message()
			if got["type"] != "error" {
				continue
			}
			if _, named := got["requestId"]; named || got["code"] != "auth_failed" {
				t.Errorf("got %v, want auth_failed without a requestId", got)
			}
			return
		}
	})
}

func TestUpliftGarbageIsNoMessage(t *testing.T) {
	onBoth(t, engine.Options{Fault: engine.Fault{Kind: engine.Garbage, After: 200 * time.Millisecond}}, func(t *testing.T, _ *engine.Server, c *client) {
		c.speak("r", twelveWords, "")
		for {
			got, err := c.read()
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) || got["packet"] == engine.GarbageText {
				return
			}
			if err != nil || got["type"] == "audio_end" {
				t.Fatalf("got %v, %v, want garbage", enginetest.Brief(got), err)
			}
		}
	})
}

func TestUpliftTimesOfTheFirstAudio(t *testing.T) {
	const wait = 200 * time.Millisecond
	for name, o := range map[string]engine.Options{
		"option": {FirstAudio: wait}, "fault": {Fault: engine.Fault{Kind: engine.Late, After: wait}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, o, func(t *testing.T, _ *engine.Server, c *client) {
				c.speak("r", "One.", "")
				if h := c.hear("r"); h.firstWait < wait || h.last["type"] != "audio_end" {
					t.Errorf("the first audio came after %v, and %v at last; want %v", h.firstWait, h.last, wait)
				}
			})
		})
	}
}

// Half of real time is no faster than that: all but the last frame take twice their length.
func TestUpliftSlowIsSlow(t *testing.T) {
	const chunk = 100 * time.Millisecond
	onBoth(t, engine.Options{Fault: engine.Fault{Kind: engine.Slow}, Chunk: chunk}, func(t *testing.T, server *engine.Server, c *client) {
		began := time.Now()
		c.speak("r", "One.", "")
		c.hear("r")
		if took, length := time.Since(began), server.Stats().Streams[0].Audio; took < 2*(length-chunk) {
			t.Errorf("%v of audio came within %v", length, took)
		}
	})
}

func TestUpliftOddChunksAreAFaultToo(t *testing.T) {
	o := drawn(t, engine.Options{Fault: engine.Fault{Kind: engine.OddChunks}}, func(q quirks) bool { return !q.oddChunks })
	onBoth(t, o, func(t *testing.T, _ *engine.Server, c *client) {
		c.speak("r", twelveWords, "")
		if h := c.hear("r"); !slices.ContainsFunc(h.sizes, func(n int) bool { return n%2 == 1 }) || len(h.audio)%2 != 0 {
			t.Errorf("frames of %v bytes, want odd ones whose sum is even", h.sizes)
		}
	})
}

// A refusal with a close code lets the upgrade happen; over long polling, which has none, it is a status.
func TestUpliftRefusals(t *testing.T) {
	server, base := start(t, engine.Options{Fault: engine.Fault{Kind: engine.Refuse, Code: 4001}})
	for _, path := range []string{"/v1" + socketNamespace, "/socket.io/?EIO=4&transport=websocket"} {
		conn, _, err := websocket.Dial(t.Context(), base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != 4001 {
			t.Errorf("%s: got %v, want 4001", path, err)
		}
		_ = conn.CloseNow()
	}
	if got := getPolling(t, base, "").status; got != http.StatusServiceUnavailable {
		t.Errorf("polling: got %d, want 503", got)
	}
	if got := server.Stats(); got.Refused != 3 || got.Sockets != 0 {
		t.Errorf("got %+v, want three refused", got)
	}
}
