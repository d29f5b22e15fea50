// Package uplift_server_test has Socket.IO's own server, which is not ours, play Uplift for the adapter: what adapter
// and emulator might misread of that protocol alike, it would not.
package uplift_server_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/tests/foreign/npm"
	"voicerelay/upstream"
	"voicerelay/upstream/uplift"
	"voicerelay/upstream/upstreamtest"
)

const (
	storyTime = time.Minute
	key       = "sk_api_test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noticed is a line of the server's.
type noticed struct {
	Port      int    `json:"port"`
	Event     string `json:"event"`
	Heartbeat bool   `json:"heartbeat"`
	Closed    string `json:"closed"`
	Message   struct {
		Type         string `json:"type"`
		RequestID    string `json:"requestId"`
		VoiceID      string `json:"voiceId"`
		OutputFormat string `json:"outputFormat"`
	} `json:"message"`
}

// server is the foreign server, and the adapter before it.
type server struct {
	t        *testing.T
	lines    <-chan noticed
	provider upstream.Provider
}

// start starts the server in one of its stories, with an adapter that has the key. It skips the test where the server
// can't run.
func start(t *testing.T, story string, key upstream.Secret) *server {
	t.Helper()
	npm.Need(t)
	s := &server{t: t, lines: run(t, story)}
	port := s.await("its port", func(n noticed) bool { return n.Port != 0 }).Port
	var err error
	s.provider, err = uplift.Driver.Open(socketIO, upstream.Env{
		Name: "uplift", URL: fmt.Sprintf("ws://127.0.0.1:%d", port), APIKey: key, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.provider.Close() }) // never fails
	return s
}

// socketIO sets the adapter's one option that matters here.
func socketIO(options any) error {
	options.(*uplift.Config).Transport = "socketio"
	return nil
}

// run runs the server's program until the test ends, and gives what it notices.
func run(t *testing.T, story string) <-chan noticed {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), storyTime)
	command := exec.CommandContext(ctx, "node", "server.js", key, story)
	stdin, err1 := command.StdinPipe()
	stdout, err2 := command.StdoutPipe()
	if err := errors.Join(err1, err2, command.Start()); err != nil {
		cancel()
		t.Fatal(err)
	}
	lines := make(chan noticed, 10_000)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			var n noticed
			if err := json.Unmarshal(scanner.Bytes(), &n); err != nil {
				t.Errorf("%.200s: %v", scanner.Text(), err)
				continue
			}
			select {
			case lines <- n:
			default:
				t.Error("the server notices more than there is room for")
			}
		}
	})
	t.Cleanup(func() {
		defer cancel()
		_ = stdin.Close() // ends it
		reading.Wait()
		if err := command.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	return lines
}

// await waits until the server notices something.
func (s *server) await(what string, is func(noticed) bool) noticed {
	s.t.Helper()
	timeout := time.NewTimer(storyTime)
	defer timeout.Stop()
	for {
		select {
		case n, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("the server ended before %s", what)
			}
			if is(n) {
				return n
			}
		case <-timeout.C:
			s.t.Fatalf("the server did not tell %s", what)
		}
	}
}

// open opens a stream.
func (s *server) open(id string) (upstream.Stream, *upstreamtest.Sink, error) {
	sink := upstreamtest.NewSink(s.t, key)
	stream, err := s.provider.Open(s.t.Context(), upstream.Request{
		ID: id, Tenant: "acme", Voice: "v_meklc281", Speed: 1, Output: audio.Format{Encoding: audio.PCM16, Rate: 22050},
	}, sink)
	upstreamtest.CheckError(s.t, err, nil, key)
	return stream, sink, err
}

// say speaks pieces to their end.
func (s *server) say(id string, texts ...string) upstreamtest.Heard {
	s.t.Helper()
	stream, sink, err := s.open(id)
	if err != nil {
		s.t.Errorf("Open: %v", err)
		return upstreamtest.Heard{}
	}
	for i, text := range texts {
		if err := stream.Speak(s.t.Context(), upstream.Piece{ID: i, Text: text, Last: i == len(texts)-1}); err != nil {
			s.t.Errorf("Speak: %v", err)
		}
	}
	select {
	case <-sink.Ended():
	case <-time.After(storyTime):
		s.t.Errorf("%s: no End", id)
	}
	if err := sink.Close(func(cause error) error { return stream.Close(s.t.Context(), cause) }, nil); err != nil {
		s.t.Errorf("Close: %v", err)
	}
	return sink.Heard()
}

// spoken is the text that the server's audio is.
func spoken(h upstreamtest.Heard) string {
	var units []uint16
	for i := 0; i+1 < len(h.Audio); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(h.Audio[i:]))
	}
	return string(utf16.Decode(units))
}

func wantKind(t *testing.T, err error, kind upstream.Kind) {
	t.Helper()
	var e *upstream.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Errorf("got %v, want %s", err, kind)
	}
}

func TestSpeaks(t *testing.T) {
	s := start(t, "speak", key)
	texts := []string{"One \"two\"], three\\ four. ", "یہ ایک جملہ ہے۔ ", "Seven eight \u2028 nine <ten> eleven & twelve 🦊"}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			h := s.say(fmt.Sprintf("gen-%d", i), texts...)
			if got, want := spoken(h), strings.Join(texts, ""); got != want || h.Err != nil {
				t.Errorf("stream %d: heard %q and %v, want %q", i, got, h.Err, want)
			}
			if !slices.Equal(h.Pieces, []int{0, 1, 2}) {
				t.Errorf("stream %d: got piece ends %v, want all three", i, h.Pieces)
			}
		})
	}
	wg.Wait()
	n := s.await("a request", func(n noticed) bool { return n.Event == "synthesize" })
	if m := n.Message; m.Type != n.Event || m.VoiceID != "v_meklc281" || m.OutputFormat != "PCM_22050_16" {
		t.Errorf("got %+v", n)
	}
}

func TestHeartbeatsAreAnswered(t *testing.T) {
	s := start(t, "speak", key)
	s.say("gen-1", "One.")
	for range 5 {
		s.await("a heartbeat", func(n noticed) bool {
			if n.Closed != "" {
				t.Fatalf("the connection was closed: %s", n.Closed)
			}
			return n.Heartbeat
		})
	}
	if h := s.say("gen-2", "Two."); h.Err != nil || spoken(h) != "Two." {
		t.Errorf("heard %q and %v after the heartbeats", spoken(h), h.Err)
	}
}

func TestCancelReachesTheServer(t *testing.T) {
	s := start(t, "slow", key)
	stream, sink, err := s.open("gen-1")
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{strings.Repeat("a very long sentence, ", 50), strings.Repeat("and another one, ", 50)} {
		if err := stream.Speak(t.Context(), upstream.Piece{ID: i, Text: text}); err != nil {
			t.Fatal(err)
		}
		s.await("the request", func(n noticed) bool { return n.Event == "synthesize" })
	}
	cause := errors.New("barge-in")
	if err := sink.Close(func(cause error) error { return stream.Close(t.Context(), cause) }, cause); err != nil {
		t.Errorf("Close: %v", err)
	}
	for range 2 {
		n := s.await("a cancel", func(n noticed) bool { return n.Event == "cancel" })
		if n.Message.Type != "cancel" || !strings.HasPrefix(n.Message.RequestID, "gen-1.") {
			t.Errorf("got %+v", n)
		}
	}
	if h := s.say("gen-2", "Yes?"); h.Err != nil || spoken(h) != "Yes?" {
		t.Errorf("heard %q and %v after the cancel", spoken(h), h.Err)
	}
}

func TestErrors(t *testing.T) {
	s := start(t, "speak", key)
	h := s.say("gen-1", "One.", "Fail.")
	wantKind(t, h.Err, upstream.UpstreamError)
	if spoken(h) != "One." {
		t.Errorf("heard %q, want what came before the error", spoken(h))
	}
	wantKind(t, s.say("gen-2", "Show me out.").Err, upstream.Dropped)
	if h := s.say("gen-3", "Two."); h.Err != nil || spoken(h) != "Two." {
		t.Errorf("heard %q and %v on the next connection", spoken(h), h.Err)
	}
}

func TestRefusals(t *testing.T) {
	_, _, err := start(t, "speak", "sk_api_wrong").open("gen-1")
	wantKind(t, err, upstream.AuthFailed)
	_, _, err = start(t, "elsewhere", key).open("gen-1")
	wantKind(t, err, upstream.ConnectFailed)
}
