package compress

import (
	"context"
	"fmt"
	"testing"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/audio/codec"
	"voicerelay/relay"
)

// What is no sample needs an encoder, and a client is told what it takes where there is none.
func TestOutputsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		f    audio.Format
		kbps int
		want protocol.Code
	}{
		"samples":     {audio.Format{Encoding: audio.PCM16, Rate: 24000}, 0, ""},
		"built in":    {audio.Format{Encoding: audio.FLAC, Rate: 44100}, 0, ""},
		"no encoder":  {audio.Format{Encoding: audio.MP3, Rate: 24000}, 0, protocol.CodeUnsupportedFormat},
		"no such bit": {audio.Format{Encoding: audio.MP3, Rate: 24000}, 320, protocol.CodeUnsupportedFormat},
	} {
		var got protocol.Code
		if refused := Check(nil, c.f, c.kbps); refused != nil {
			got = refused.Code
			if refused.Param != "output.encoding" || refused.Message == "" {
				t.Errorf("%s: got %+v", name, refused)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if refused := refusal(fmt.Errorf("%w: 32 of mp3", codec.ErrBusy)); refused.Code != protocol.CodeTooManyGenerations {
		t.Errorf("too many encoders: got %q", refused.Code)
	}
}

// Where nothing is compressed there is no stage, and the generation runs as it would.
func TestSamplesNeedNoStage(t *testing.T) {
	s, refused := Open(t.Context(), nil, &relay.Prepared{})
	if s != nil || refused != nil {
		t.Fatalf("got %v, %v", s, refused)
	}
	s.Attach(nil)
	ran := false
	s.Run(t.Context(), func(context.Context) { ran = true })
	if s.Close(); !ran {
		t.Error("the generation does not run")
	}
}
