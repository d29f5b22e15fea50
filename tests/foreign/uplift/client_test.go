// Package uplift_test lets Socket.IO's own client, which is not ours, speak to the emulator of Uplift: what both
// sides of this project might misread of that protocol alike, it would not.
package uplift_test

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"voicerelay/tests/foreign/npm"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

const (
	key  = "sk_api_test"
	rate = 22050 // hertz
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noticed is a line of the client's.
type noticed struct {
	Message *struct {
		Type      string `json:"type"`
		RequestID string `json:"requestId"`
		Code      string `json:"code"`
		Audio     string `json:"audio"`
	} `json:"message"`
	Refused      string `json:"refused"`
	Disconnected string `json:"disconnected"`
	Transport    string `json:"transport"`
}

// start starts an emulator whose seed has drawn what is asked for, as name:value.
func start(t *testing.T, o emulator.Options, quirks ...string) (server *emulator.Server, base string) {
	t.Helper()
	o.APIKey = key
	return npm.Emulate(t, "uplift", o, quirks...)
}

// play plays a story and returns what the client noticed.
func play(t *testing.T, base, key, story string, transports ...string) []noticed {
	t.Helper()
	return npm.Play[noticed](t, "client.js", append([]string{base, key, story}, transports...)...)
}

// kinds are a request's messages without repetition; with an empty id those of the connection.
func kinds(all []noticed, id string) []string {
	var got []string
	for _, n := range all {
		if n.Message != nil && n.Message.RequestID == id {
			got = append(got, n.Message.Type)
		}
	}
	return slices.Compact(got)
}

// words hears what a request said.
func words(t *testing.T, all []noticed, id, text string) []string {
	t.Helper()
	var frames []string
	for _, n := range all {
		if n.Message != nil && n.Message.RequestID == id && n.Message.Type == "audio" {
			frames = append(frames, n.Message.Audio)
		}
	}
	return npm.Words(t, frames, rate, text)
}

func TestSpeaksOnEveryTransport(t *testing.T) {
	const first, second = "One two three four five six.", "Seven eight nine ten eleven twelve."
	tests := map[string]struct {
		story      string
		transports []string
		want       string // the transport at the end
	}{
		"websocket": {"speak", []string{"websocket"}, "websocket"},
		"polling":   {"speak", []string{"polling"}, "polling"},
		"upgrade":   {"upgrade", nil, "websocket"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, base := start(t, emulator.Options{Pace: 4})
			all := play(t, base, key, tt.story, tt.transports...)
			if got := kinds(all, ""); !slices.Equal(got, []string{"ready"}) {
				t.Errorf("of the connection: got %v, want ready", got)
			}
			for id, text := range map[string]string{"r1": first, "r2": second} {
				if got, want := kinds(all, id), []string{"audio_start", "audio", "audio_end"}; !slices.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", id, got, want)
				}
				if got, want := words(t, all, id, text), voice.Words(text); !slices.Equal(got, want) {
					t.Errorf("%s: heard %q, want %q", id, got, want)
				}
			}
			if !slices.ContainsFunc(all, func(n noticed) bool { return n.Transport == tt.want }) {
				t.Errorf("the transport is not %s", tt.want)
			}
		})
	}
}

func TestCancelIsNotAnswered(t *testing.T) {
	server, base := start(t, emulator.Options{Pace: 1})
	all := play(t, base, key, "cancel", "websocket")
	if got, want := kinds(all, "r1"), []string{"audio_start", "audio"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := kinds(all, "r2"); got[len(got)-1] != "audio_end" {
		t.Errorf("the next request: got %v", got)
	}
	if got := server.Stats().Cancels; len(got) != 1 || got[0].ID != "r1" {
		t.Errorf("cancels: got %v", got)
	}
	if !server.WaitFor(func(s emulator.Stats) bool { return s.OpenSockets == 0 }, 10*time.Second) {
		t.Error("the client's end was not noticed")
	}
}

func TestHeartbeatsAreAnswered(t *testing.T) {
	for _, transport := range []string{"websocket", "polling"} {
		_, base := start(t, emulator.Options{Inactivity: 300 * time.Millisecond})
		all := play(t, base, key, "heartbeat", transport)
		if got, want := kinds(all, "r1"), []string{"audio_start", "audio", "audio_end"}; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", transport, got, want)
		}
	}
}

func TestBreakIsSeenAndComesBack(t *testing.T) {
	server, base := start(t, emulator.Options{Fault: emulator.Fault{Kind: emulator.Drop, After: 300 * time.Millisecond}})
	all := play(t, base, key, "reconnect", "websocket")
	if !slices.ContainsFunc(all, func(n noticed) bool { return n.Disconnected == "transport close" }) {
		t.Error("the break was not seen")
	}
	if got := server.Stats().Sockets; got != 2 {
		t.Errorf("got %d connections, want two", got)
	}
}

func TestBadKeyIsTold(t *testing.T) {
	tests := map[string]func(noticed) bool{
		"authByError:false": func(n noticed) bool { return n.Refused == "auth_failed" },
		"authByError:true":  func(n noticed) bool { return n.Disconnected == "io server disconnect" },
	}
	for quirk, told := range tests {
		server, base := start(t, emulator.Options{}, quirk)
		all := play(t, base, "wrong", "refused", "websocket")
		if !slices.ContainsFunc(all, told) || slices.Contains(kinds(all, ""), "ready") {
			t.Errorf("%s: got %+v", quirk, all)
		}
		if got := server.Stats().Refused; got != 1 {
			t.Errorf("%s: %d refused, want one", quirk, got)
		}
	}
}
