package enginetest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Scene is one connection of a transcript.
type Scene struct {
	Open  Line
	Lines []Line
}

// fault is what the server must be told to do, or empty. A scene has one: it is set before the connection, as a server reads
// it when a stream begins.
func (s Scene) fault() string {
	for _, l := range s.Lines {
		if l.Fault != "" {
			return l.Fault
		}
	}
	return ""
}

// scenes reads a transcript. A transcript is JSON lines, so that a vendor's examples can be pasted in as they are. Each "open"
// begins another connection.
func scenes(t *testing.T, path string, replace []string) []Scene {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []Scene
	data = []byte(strings.NewReplacer(replace...).Replace(string(data)))
	scanner := bufio.NewScanner(bytes.NewReader(data))
	for scanner.Scan() {
		var l Line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		switch l.Dir {
		case "note":
		case "open":
			all = append(all, Scene{Open: l})
		default:
			all[len(all)-1].Lines = append(all[len(all)-1].Lines, l)
		}
	}
	return all
}

// PlayTranscripts plays the vendor's documented exchanges against the emulator: it must answer each in the same
// order, with the same fields.
func PlayTranscripts(t *testing.T, d Dialect) {
	t.Helper()
	PlayScenes(t, d, d.play)
}

// PlayScenes plays a vendor's transcripts in another way than over a WebSocket. Each of their scenes has an emulator of its own, which
// has drawn what it shows, and a bubble.
func PlayScenes(t *testing.T, d Dialect, play func(t *testing.T, w *Wire, s Scene)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", cmp.Or(d.Files, "*")+".jsonl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("transcripts: %d, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) {
			t.Parallel()
			for _, s := range scenes(t, path, d.Replace) {
				synctest.Test(t, func(t *testing.T) { play(t, d.serve(t, s), s) })
			}
		})
	}
}

// address is the path and query that an open line connects to.
func (d Dialect) address(open Line) string {
	query := make(url.Values)
	for name, value := range open.Query {
		query.Set(name, value)
	}
	if len(query) == 0 {
		return open.Path + d.Query
	}
	return open.Path + "?" + query.Encode()
}

// serve serves an emulator that does what a scene shows.
func (d Dialect) serve(t *testing.T, s Scene) *Wire {
	t.Helper()
	var err error
	if d.Options.Fault, err = engine.ParseFault(s.fault()); err != nil {
		t.Fatal(err)
	}
	d.Options.Seed = d.Seed(t, s.Open)
	d.Quirks = nil // the scene's own come before them
	return Serve(t, d)
}

func (d Dialect) play(t *testing.T, w *Wire, s Scene) {
	t.Helper()
	conn, response, err := w.TryDial(t, d.address(s.Open), s.Open.headers())
	if want := s.Lines[0].Refuse; want != 0 {
		if err == nil || response == nil || response.StatusCode != want {
			t.Fatalf("handshake: got %v, want status %d", err, want)
		}
		return
	}
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	l := listener{Dialect: d, Client: Attach(t, w.Server, conn), early: make(map[string][]map[string]any)}
	l.codec = d.Codec
	for _, line := range s.Lines {
		l.play(line)
	}
}

// listener is the client's side of a scene.
type listener struct {
	Dialect
	*Client
	early map[string][]map[string]any // frames that came before their line, by stream
}

func (l *listener) play(line Line) {
	l.T.Helper()
	switch {
	case line.Dir == "c2s" && line.Close != 0:
		_ = l.Conn.Close(websocket.StatusCode(line.Close), "") // the server need not answer
	case line.Dir == "c2s":
		l.Send(string(line.text()))
	case line.Close != 0:
		l.expectClose(line.Close)
	case line.Silent != "":
		l.expectSilence(line.Silent)
	default:
		l.expectFrame(line.text())
	}
}

func (l *listener) expectClose(want int) {
	l.T.Helper()
	for {
		if err := l.Next().Err; err != nil {
			if got := int(websocket.CloseStatus(err)); got != want {
				l.T.Errorf("close code: got %d (%v), want %d", got, err, want)
			}
			return
		}
	}
}

// expectSilence wants nothing to come, and the connection to stay open.
func (l *listener) expectSilence(length string) {
	l.T.Helper()
	d, err := time.ParseDuration(length)
	if err != nil {
		l.T.Fatal(err)
	}
	for stream, early := range l.early {
		if len(early) > 0 {
			l.T.Errorf("got %v of stream %q, want silence", early, stream)
		}
	}
	if r := l.NextWithin(d); !errors.Is(r.Err, context.DeadlineExceeded) {
		l.T.Fatalf("got %q, %v, want silence for %v", r.Data, r.Err, d)
	}
}

// expectFrame takes a stream's frames up to one of the wanted kind. More audio than the transcript shows is no difference.
func (l *listener) expectFrame(want []byte) {
	l.T.Helper()
	w, err := l.fields(want)
	if err != nil {
		l.T.Fatalf("%s: %v", want, err)
	}
	for {
		got := l.next(l.streamOf(w), want)
		if l.Audio(got) && !l.Audio(w) {
			continue
		}
		l.SameFields(l.T, got, w)
		return
	}
}

// next is the next frame of a stream. Those of others wait for their turn.
func (l *listener) next(stream string, want []byte) map[string]any {
	l.T.Helper()
	for len(l.early[stream]) == 0 {
		r := l.Next()
		if r.Binary {
			r.Data = []byte(`{"binary":true}`) // which is audio alone
		}
		if r.Err != nil {
			l.T.Fatalf("waiting for %s: %v", want, r.Err)
		}
		got, err := l.fields(r.Data)
		if err != nil {
			l.T.Fatalf("got %q: %v", r.Data, err)
		}
		l.early[l.streamOf(got)] = append(l.early[l.streamOf(got)], got)
	}
	got := l.early[stream][0]
	l.early[stream] = l.early[stream][1:]
	return got
}

// fields are a frame's, as the dialect names them.
func (d Dialect) fields(text []byte) (map[string]any, error) {
	fields, err := Fields(text)
	if err == nil && d.Flat {
		fields = Flatten(fields)
	}
	return fields, err
}

func (d Dialect) streamOf(frame map[string]any) string {
	name, _ := frame[d.Stream].(string)
	return name
}

// SameFields compares the fields' names, and the values of those that don't depend on the voice or the clock.
func (d Dialect) SameFields(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if _, ok := got[name]; !ok {
			t.Fatalf("got %v, want a field %s as in %v", Brief(got), name, want)
		}
		if slices.Contains(d.Fixed, name) && !reflect.DeepEqual(got[name], value) {
			t.Errorf("%s: got %v, want %v in %v", name, got[name], value, want)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("got %v, whose field %s the transcript has not: %v", Brief(got), name, want)
		}
	}
}

// Brief is a frame without its audio, for messages of tests.
func Brief(frame map[string]any) map[string]any {
	if frame["audio"] != nil {
		frame["audio"] = "…"
	}
	return frame
}

// Flatten is a frame whose fields within fields are named by their paths, such as "result.status.code". An empty object is a value.
func Flatten(frame map[string]any) map[string]any {
	flat := make(map[string]any)
	for name, value := range frame {
		within, ok := value.(map[string]any)
		if !ok || len(within) == 0 {
			flat[name] = value
			continue
		}
		for inner, value := range Flatten(within) {
			flat[name+"."+inner] = value
		}
	}
	return flat
}
