package cartesia

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"
)

var seeds = []string{
	`{"model_id":"sonic-3","transcript":"Hello. ","voice":{"mode":"id","id":"narrator"},"context_id":"c","continue":true,` +
		`"output_format":{"container":"raw","encoding":"pcm_s16le","sample_rate":24000},"language":"en","add_timestamps":true,"max_buffer_delay_ms":0}`,
	`{"context_id":"c","transcript":"","continue":false,"voice":"narrator"}`,
	`{"context_id":"c","cancel":true}`,
	`{"context_id":"c","transcript":"","continue":true,"flush":true}`,
	`{"context_id":"c","language":null,"locale":"en_US","generation_config":{"speed":1.2,"volume":1,"emotion":"calm"},"speed":"slow"}`,
	`{"context_id":"c","voice":{"mode":"embedding","embedding":[0.1,0.2],"__experimental_controls":{"speed":"fast"}}}`,
	`{"output_format":{"container":"wav","encoding":"pcm_f32le","sample_rate":"44100"},"transcript":"Hello."}`,
	`{"output_format":{"container":"mp3","bit_rate":128000,"sample_rate":44100},"transcript":"Hello."}`,
	`{"context_id":7}`, `{"context_id":"c","transcript":7}`, `[]`, `null`, "",
}

// Whatever a client sends is a message whose values are within their bounds, or refused with a reason.
func FuzzDecodeMessage(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, refused := decode(data)
		if refused != nil {
			if refused.Code != protocol.CodeInvalidRequest || refused.Message == "" || !utf8.ValidString(refused.Message) {
				t.Errorf("%q is refused by %+v", data, refused)
			}
			if id := contextOf(data); len(id) > maxID {
				t.Errorf("%q names a context of %d bytes", data, len(id))
			}
			return
		}
		if m.ContextID == "" || len(m.ContextID) > maxID || contextOf(data) != m.ContextID {
			t.Errorf("%q is of context %q, and by itself of %q", data, m.ContextID, contextOf(data))
		}
		checkSpeech(t, data, &m.speech)
	})
}

// The same for a text that is asked for by itself.
func FuzzDecodeSingle(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, refused := decodeSingle(data)
		if refused != nil {
			if refused.Code.Status() != 400 || refused.Message == "" {
				t.Errorf("%q is refused by %+v", data, refused)
			}
			return
		}
		if strings.TrimSpace(s.Transcript) == "" || s.output.Validate() != nil {
			t.Errorf("%q comes to %q in %v", data, s.Transcript, s.output)
		}
		checkSpeech(t, data, &s.speech)
	})
}

// checkSpeech expects values that the engine can work with.
func checkSpeech(t *testing.T, data []byte, s *speech) {
	t.Helper()
	speed, refused := s.Generation.speed()
	if refused == nil && !(speed >= protocol.MinSpeed && speed <= protocol.MaxSpeed) {
		t.Errorf("%q has speed %v", data, speed)
	}
	f, refused := s.OutputFormat.format()
	if refused == nil && f.Validate() != nil || refused != nil && (refused.Code != protocol.CodeUnsupportedFormat || refused.Param == "") {
		t.Errorf("%q comes to %v, %v", data, f, refused)
	}
	if tag := s.language(); tag != "" && !protocol.IsLanguageTag(tag) {
		t.Errorf("%q has language %q", data, tag)
	}
}
