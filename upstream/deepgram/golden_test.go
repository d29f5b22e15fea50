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
	for _, c := range []struct {
		version *version
		files   string
		request upstream.Request
		want    []string // types that examples must show
	}{
		{aura, "*.jsonl", testRequest, []string{"audio", typeMetadata, typeFlushed, typeCleared, typeWarning, typeError}},
		{flux, "flux/*.jsonl", fluxRequest, []string{"audio", typeConnected, typeFlushed, typeSpeechMetadata, typeSpeechInterrupted, typeWarning, typeError}},
	} {
		kinds := make(map[string]int)
		for _, frame := range goldentest.FramesAt(t, "deepgram", c.files, c.version.path) {
			kinds[takesGolden(t, c.version, c.request, frame)]++
		}
		for _, kind := range c.want {
			if kinds[kind] == 0 {
				t.Errorf("%s: no example shows %s", c.version.path, kind)
			}
		}
	}
}

// takesGolden gives a busy stream a frame, and returns the frame's type.
func takesGolden(t *testing.T, v *version, req upstream.Request, f map[string]any) (kind string) {
	t.Helper()
	sink := upstreamtest.NewSink(t, "none")
	s, mux := reading(t, req, sink)
	kind, _ = f["type"].(string)
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if f["binary"] == true {
		kind, data = "audio", audioFrame
	}
	fault := (&dialect{}).Frame(mux, kind == "audio", data)
	if (fault != nil) != (kind == typeError) {
		t.Errorf("%s: %v", data, fault)
	}
	h := sink.Heard()
	for what, done := range map[string]bool{
		"audio":     len(h.Audio) > 0,
		v.ended:     len(h.Pieces) == 1,
		typeWarning: h.Err != nil,
	} {
		if want := what == kind && (kind != typeWarning || v == aura || f["code"] == noAudioGenerated); done != want {
			t.Errorf("%s: %s is %t", data, what, done)
		}
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped}) // no vendor would answer the order to stop
	if err := sink.Close(func(cause error) error { return s.Close(t.Context(), cause) }, nil); err != nil {
		t.Errorf("Close: %v", err)
	}
	return kind
}
