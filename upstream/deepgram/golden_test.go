package deepgram

import (
	"encoding/json"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// TestGoldenFramesAreUnderstood gives the reader every frame of the vendor's own examples, as of a stream that is in the
// middle of a piece, and each does what its type says.
func TestGoldenFramesAreUnderstood(t *testing.T) {
	kinds := make(map[string]int)
	for _, frame := range goldentest.Frames(t, "deepgram") {
		kinds[takesGolden(t, frame)]++
	}
	for _, kind := range []string{"audio", "Metadata", typeFlushed, typeCleared, typeWarning, typeError} {
		if kinds[kind] == 0 {
			t.Errorf("no example shows %s", kind)
		}
	}
}

// takesGolden gives a busy stream a frame, and returns the frame's type.
func takesGolden(t *testing.T, f map[string]any) (kind string) {
	t.Helper()
	sink := upstreamtest.NewSink(t, "none")
	s, mux := reading(t, sink)
	kind, _ = f["type"].(string)
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if f["binary"] == true {
		kind, data = "audio", audioFrame
	}
	fault := (&dialect{}).Frame(mux, kind == "audio", data)
	if (fault != nil) != (kind == typeError) || fault != nil && fault.Kind != upstream.UpstreamError {
		t.Errorf("%s: %v", data, fault)
	}
	h := sink.Heard()
	for what, done := range map[string]bool{
		"audio":     len(h.Audio) > 0,
		typeFlushed: len(h.Pieces) == 1,
		typeWarning: upstream.KindOf(h.Err) == upstream.Throttled,
	} {
		if done != (what == kind) {
			t.Errorf("%s: %s is %t", kind, what, done)
		}
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped}) // no vendor would answer a Clear
	if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, nil); err != nil {
		t.Errorf("Close: %v", err)
	}
	return kind
}
