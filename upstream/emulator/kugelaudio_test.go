package emulator

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a line of a transcript: what was sent in which direction, or how a connection begins or ends.
type line struct {
	Dir    string          `json:"dir"` // note, open, c2s or s2c
	Path   string          `json:"path"`
	Frame  json.RawMessage `json:"frame"`
	Fault  string          `json:"fault"`  // what the server must be told to do for this answer
	Refuse int             `json:"refuse"` // HTTP status of the handshake
	Close  int             `json:"close"`  // close code from the server
}

// scene is one connection of a transcript.
type scene struct {
	open  line
	lines []line
}

func (s scene) fault() string {
	for _, l := range s.lines {
		if l.Fault != "" {
			return l.Fault
		}
	}
	return ""
}

func scenes(t *testing.T, path string) []scene {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []scene
	// A second is long enough to see a context time out.
	data = bytes.ReplaceAll(data, []byte(`"inactivity_timeout":20`), []byte(`"inactivity_timeout":1`))
	scanner := bufio.NewScanner(bytes.NewReader(data))
	for scanner.Scan() {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		switch l.Dir {
		case "note":
		case "open":
			all = append(all, scene{open: l})
		default:
			all[len(all)-1].lines = append(all[len(all)-1].lines, l)
		}
	}
	return all
}

// documented is options under which the emulator does what the transcripts show where the reference leaves it open.
func documented(t *testing.T) Options {
	for seed := range uint64(1000) {
		o := Options{Seed: seed, Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: time.Second}
		q := drawKugelQuirks(o)
		if !q.wordsFirst && !q.idxPerChunk && !q.interruptedNames && q.usageAfterImmediate && q.oneFinal && q.lateFrames > 0 {
			return o
		}
	}
	t.Fatal("no seed draws what the transcripts show")
	return Options{}
}

// TestTranscripts plays the vendor's documented exchanges against the emulator: it must answer each in the same
// order, with the same fields.
func TestTranscripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/kugelaudio/*.jsonl")
	if err != nil || len(paths) < 10 {
		t.Fatalf("transcripts: %d, %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		if name == "stream_turn" {
			continue // /ws/tts/stream is not emulated: no adapter speaks it
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, s := range scenes(t, path) {
				play(t, documented(t), s)
			}
		})
	}
}

func play(t *testing.T, o Options, s scene) {
	t.Helper()
	var err error
	if o.Fault, err = ParseFault(s.fault()); err != nil {
		t.Fatal(err)
	}
	server, err := New("kugelaudio", o)
	if err != nil {
		t.Fatal(err)
	}
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, url+s.open.Path+"?api_key=k", nil)
	if want := s.lines[0].Refuse; want != 0 {
		if err == nil || response == nil || response.StatusCode != want {
			t.Fatalf("handshake: got %v, want status %d", err, want)
		}
		return
	}
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	for i, l := range s.lines {
		switch {
		case l.Dir == "c2s":
			if err := conn.Write(ctx, websocket.MessageText, l.Frame); err != nil {
				t.Fatalf("line %d: %v", i, err)
			}
		case l.Close != 0:
			expectClose(t, ctx, conn, l.Close)
		default:
			expectFrame(t, ctx, conn, l.Frame, server)
		}
	}
}

func expectClose(t *testing.T, ctx context.Context, conn *websocket.Conn, want int) {
	t.Helper()
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			if got := int(websocket.CloseStatus(err)); got != want {
				t.Errorf("close code: got %d (%v), want %d", got, err, want)
			}
			return
		}
	}
}

// expectFrame reads to a frame of the wanted kind. More audio than the transcript shows is no difference.
func expectFrame(t *testing.T, ctx context.Context, conn *websocket.Conn, want json.RawMessage, server *Server) {
	t.Helper()
	var w map[string]any
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("waiting for %s: %v (%s)", want, err, server.Quirks())
		}
		var got map[string]any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("got %q: %v", data, err)
		}
		if got["audio"] != nil && w["audio"] == nil {
			continue
		}
		sameFields(t, got, w)
		return
	}
}

// sameFields compares the fields' names, and the values of those that don't depend on the voice or the clock.
func sameFields(t *testing.T, got, want map[string]any) {
	t.Helper()
	fixed := map[string]bool{"context_id": true, "chunk_id": true, "error_code": true, "code": true, "enc": true, "sr": true, "text": true, "error": true}
	for name, value := range want {
		if _, ok := got[name]; !ok {
			t.Fatalf("got %v, want a field %s as in %v", brief(got), name, want)
		}
		if fixed[name] && got[name] != value {
			t.Errorf("%s: got %v, want %v in %v", name, got[name], value, want)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("got %v, whose field %s the transcript has not: %v", brief(got), name, want)
		}
	}
}

func brief(frame map[string]any) map[string]any {
	if frame["audio"] != nil {
		frame["audio"] = "…"
	}
	return frame
}

func TestQuirksAreAllDrawn(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(64) {
		q := drawKugelQuirks(Options{Seed: seed})
		for name, value := range map[string]bool{
			"authByClose": q.authByClose, "wordsFirst": q.wordsFirst, "idxPerChunk": q.idxPerChunk,
			"interruptedNames": q.interruptedNames, "usageAfterImmediate": q.usageAfterImmediate, "late": q.lateFrames > 0, "oneFinal": q.oneFinal,
		} {
			if value {
				seen[name] = true
			} else {
				seen["not "+name] = true
			}
		}
	}
	if len(seen) != 14 {
		t.Errorf("64 seeds drew only %v", seen)
	}
}

func TestParseFault(t *testing.T) {
	tests := map[string]Fault{
		"":                           {},
		"refuse":                     {Kind: Refuse, Code: 503},
		"refuse:403":                 {Kind: Refuse, Code: 403},
		"stall:400ms":                {Kind: Stall, After: 400 * time.Millisecond},
		"close:4500:200ms":           {Kind: CloseCode, Code: 4500, After: 200 * time.Millisecond},
		"error:RATE_LIMITED:session": {Kind: ErrorFrame, Name: "RATE_LIMITED", Session: true},
	}
	for text, want := range tests {
		if got, err := ParseFault(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"nonsense", "stall:soon", "drop:-1s"} {
		if _, err := ParseFault(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
