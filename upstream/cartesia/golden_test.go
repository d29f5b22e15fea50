package cartesia

import (
	"encoding/json"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// TestGoldenFramesAreUnderstood gives the reader every frame of the vendor's own examples: as the stream's that is being
// spoken, and each does what its type says.
func TestGoldenFramesAreUnderstood(t *testing.T) {
	r := newReader(t)
	for _, frame := range goldentest.Frames(t, "cartesia") {
		takesGolden(t, r, frame)
	}
}

// takesGolden gives a busy stream a frame.
func takesGolden(t *testing.T, r *reader, f map[string]any) {
	t.Helper()
	sink := &upstreamtest.Loose{TB: t}
	s := r.busy(t, sink)
	_, named := f["context_id"]
	if named {
		f["context_id"] = "ID"
	}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	fault := r.frame(s, string(text))
	if fault != nil && (fault.Kind == upstream.Garbled || named) {
		t.Errorf("%s: %v", text, fault)
	}
	times, _ := f["word_timestamps"].(map[string]any)
	words, _ := times["words"].([]any) // of which an example may have none
	want := map[string]bool{
		"chunk":      sink.Frames == 1,
		"timestamps": len(sink.Told) == len(words),
		"flush_done": len(sink.Pieces) == 1,
		"done":       len(sink.Pieces) == 2,
		"error":      named == (sink.Err != nil) && named == (fault == nil),
	}
	if kind, _ := f["type"].(string); !want[kind] && strings.Contains("chunk timestamps flush_done done error", kind) {
		t.Errorf("%s came to nothing: %+v", text, sink)
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
	s.seat.Leave(true)
}
