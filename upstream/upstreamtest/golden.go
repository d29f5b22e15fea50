package upstreamtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// GoldenFrames are all that a vendor says in its emulator's transcripts, for a test in the adapter's folder.
func GoldenFrames(t *testing.T, vendor string) []map[string]any {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../emulator", vendor, "testdata", "*.jsonl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("transcripts: %d, %v", len(paths), err)
	}
	var frames []map[string]any
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
			var line struct {
				Dir   string         `json:"dir"`
				Frame map[string]any `json:"frame"`
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if line.Dir == "s2c" && line.Frame != nil {
				frames = append(frames, line.Frame)
			}
		}
	}
	return frames
}
