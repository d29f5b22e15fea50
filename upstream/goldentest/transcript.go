package goldentest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// Entry is a line of a transcript.
type Entry struct {
	// Dir is open, c2s (client to server) or s2c. Lines with other values, such as comments, are left out.
	Dir string `json:"dir"`
	// Path is where a connection was opened.
	Path string `json:"path"`
	// Packet stands before a frame of Socket.IO.
	Packet string          `json:"packet"`
	Frame  json.RawMessage `json:"frame"`
	// Close is a close code, Refuse the status of a refused handshake.
	Close  int `json:"close"`
	Refuse int `json:"refuse"`
	// Status is that of the answer to a request, and Type its body's media type.
	Status int    `json:"status"`
	Type   string `json:"type"`
	// End is how an answer's body, or a connection without close codes, ends: whole or broken.
	End string `json:"end"`
}

// Object is the entry's frame, or nil where that is no object.
func (e Entry) Object() map[string]any {
	var f map[string]any
	if json.Unmarshal(e.Frame, &f) != nil {
		return nil
	}
	return f
}

// Exchange is one connection of a transcript.
type Exchange struct {
	Path  string
	Lines []Entry
}

// Read is a transcript's connections. A test in the folder of the vendor's adapter calls it.
func Read(t testing.TB, vendor, file string) []Exchange {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder(vendor), file))
	if err != nil {
		t.Fatal(err)
	}
	var all []Exchange
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		switch e.Dir {
		case "open":
			all = append(all, Exchange{Path: e.Path})
		case "c2s", "s2c":
			last := &all[len(all)-1]
			last.Lines = append(last.Lines, e)
		}
	}
	return all
}

// Each runs a test for each connection of the vendor's transcripts whose names match the pattern.
func Each(t *testing.T, vendor, pattern string, test func(*testing.T, Exchange)) {
	t.Helper()
	for _, file := range files(t, vendor, pattern) {
		for i, exchange := range Read(t, vendor, file) {
			t.Run(fmt.Sprint(file, " ", i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { test(t, exchange) })
			})
		}
	}
}

// Frames are all that a vendor says in its transcripts.
func Frames(t testing.TB, vendor string) []map[string]any {
	t.Helper()
	return FramesAt(t, vendor, "*.jsonl", "")
}

// FramesAt are those of transcripts whose names match the pattern, of connections at paths that begin so.
func FramesAt(t testing.TB, vendor, pattern, path string) []map[string]any {
	t.Helper()
	var frames []map[string]any
	for _, file := range files(t, vendor, pattern) {
		for _, exchange := range Read(t, vendor, file) {
			if !strings.HasPrefix(exchange.Path, path) {
				continue
			}
			for _, e := range exchange.Lines {
				if f := e.Object(); e.Dir == "s2c" && f != nil {
					frames = append(frames, f)
				}
			}
		}
	}
	return frames
}

// files are the names of the vendor's transcripts. It is a fault if there are none.
func files(t testing.TB, vendor, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder(vendor), pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d transcripts of %s: %v", len(paths), vendor, err)
	}
	for i, path := range paths {
		if paths[i], err = filepath.Rel(folder(vendor), path); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// folder is where a vendor's transcripts are, from its adapter's folder.
func folder(vendor string) string { return filepath.Join("..", "emulator", vendor, "testdata") }
