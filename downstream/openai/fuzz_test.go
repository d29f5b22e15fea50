package openai

import (
	"net/http/httptest"
	"testing"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
)

// Whatever a client sends is refused, or asks for something that the relay can do or say why not.
func FuzzDecodeRequest(f *testing.F) {
	for _, seed := range []string{
		`{"model":"gpt-4o-mini-tts","input":"Hello.","voice":"ash","response_format":"mp3","speed":1.0,"stream_format":"sse"}`,
		`{"model":"tts-1","input":"Hello.","voice":{"id":"alloy"},"response_format":"pcm","speed":"2","sample_rate":16000}`,
		`{"input":"Hello.","voice":null,"api_key":"k","x":[{}]}`, `{"input":7}`, `[]`, `{`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	request := httptest.NewRequest("POST", "/", nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = keyInside(data)
		asked, refused := decodeRequest(data)
		if refused != nil {
			return
		}
		if *asked.Input == "" || !utf8.ValidString(*asked.Input) {
			t.Errorf("input %q", *asked.Input)
		}
		if s := asked.speed(); !(s >= protocol.MinSpeed && s <= protocol.MaxSpeed) {
			t.Errorf("speed %v", s)
		}
		out, refused := asked.outputOf(request, "", func(f audio.Format) bool { return !f.Compressed() })
		if refused == nil && (out.Validate() != nil || out.mediaType == "") || refused != nil && (refused.Param == "" || refused.Code != protocol.CodeUnsupportedFormat) {
			t.Errorf("%q comes to %v, %v", data, out, refused)
		}
	})
}
