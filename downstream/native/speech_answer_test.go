package native

import (
	"testing"

	"github.com/voicerelay/voicerelay/client/protocol"
)

func TestWhoWantsLines(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                                  false,
		"*/*":                               false,
		"audio/wav":                         false,
		"application/json":                  false,
		"application/x-ndjson":              true,
		"Application/X-NDJSON":              true,
		"audio/wav, application/x-ndjson":   true,
		"application/x-ndjson;q=0, */*":     false,
		"application/x-ndjson; q=0.5, */*":  true,
		"application/x-ndjson;profile=some": true,
	} {
		if got := wantsLines([]string{accept}); got != want {
			t.Errorf("Accept: %s wants lines: %v, want %v", accept, got, want)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	for output, want := range map[protocol.Output]string{
		{Encoding: "wav", SampleRate: 24000}:       "audio/wav",
		{Encoding: "pcm_s16le", SampleRate: 8000}:  "audio/pcm;rate=8000;encoding=pcm_s16le",
		{Encoding: "pcm_f32le", SampleRate: 48000}: "audio/pcm;rate=48000;encoding=pcm_f32le",
		{Encoding: "mulaw", SampleRate: 8000}:      "audio/PCMU",
		{Encoding: "alaw", SampleRate: 8000}:       "audio/PCMA",
	} {
		if got := mediaType(output); got != want {
			t.Errorf("%v is %q, want %q", output, got, want)
		}
	}
}
