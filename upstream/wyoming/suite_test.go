package wyoming

import (
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testRequest = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: "en_US-joe-medium", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

func TestSuite(t *testing.T) {
	upstreamtest.Run(t, upstreamtest.Subject{
		Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
		Request: testRequest,
		Script:  script,
		Wire:    upstreamtest.OverTCP,
		Next:    next,
		Errors:  errorCases(),
	})
}

// errorCases are the errors that servers report, and what else ends a connection.
func errorCases() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	add := func(name string, kind upstream.Kind, code string, event []byte) {
		cases = append(cases, upstreamtest.ErrorCase{
			Name: name, Kind: kind, Code: code, Send: func(c *upstreamtest.Conn, _ string) { c.SendBinary(event) },
		})
	}
	const secret = "secret vendor text"
	add("no such voice", upstream.Rejected, "VoiceNotFoundError", said("error", map[string]any{"text": secret, "code": "VoiceNotFoundError"}, nil))
	add("another error", upstream.UpstreamError, "AssertionError", said("error", map[string]any{"text": secret, "code": "AssertionError"}, nil))
	add("an error without a code", upstream.UpstreamError, "", said("error", map[string]any{"text": secret, "code": nil}, nil))
	add("free text for a code", upstream.UpstreamError, "", said("error", map[string]any{"text": secret, "code": secret}, nil))
	add("an error within its line", upstream.Rejected, "VoiceNotFoundError", []byte(`{"type":"error","data":{"text":"x","code":"VoiceNotFoundError"}}`+"\n"))
	add("stereo", upstream.Garbled, "", said("audio-chunk", map[string]any{"rate": 24000, "width": 2, "channels": 2}, make([]byte, 8)))
	add("samples of three bytes", upstream.Garbled, "", said("audio-chunk", map[string]any{"rate": 24000, "width": 3, "channels": 1}, make([]byte, 9)))
	add("an odd rate", upstream.Garbled, "", said("audio-start", map[string]any{"rate": 12345, "width": 2, "channels": 1}, nil))
	add("no rate at all", upstream.Garbled, "", said("audio-start", map[string]any{"rate": "fast", "width": 2, "channels": 1}, nil))
	add("a negative length", upstream.Garbled, "", []byte(`{"type":"audio-chunk","payload_length":-1}`+"\n"))
	add("a long block of data", upstream.Garbled, "", []byte(`{"type":"info","data_length":1048577}`+"\n"))
	add("a long block of audio", upstream.Garbled, "", []byte(`{"type":"audio-chunk","payload_length":1048577}`+"\n"))
	return cases
}
