package vogent

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// TestMain has more tests at once than there are cores, since most of their time they wait for speech.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// mabel is the voice of the vendor's own examples.
const mabel = "36b87413-6d7b-421d-8745-bc0897770d1e"

var request = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: mabel, Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// sharing are the default options but for the streams that share a socket.
func sharing(streams int) Config {
	cfg := defaults()
	cfg.StreamsPerSocket = streams
	return cfg
}

// TestSuite runs the suite with a socket a stream, and with streams that share sockets.
func TestSuite(t *testing.T) {
	for name, cfg := range map[string]Config{"alone": sharing(1), "shared": sharing(4)} {
		t.Run(name, func(t *testing.T) {
			upstreamtest.Run(t, upstreamtest.Subject{
				Open:    func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
				Request: request,
				Script:  script,
				Errors:  errorCases(cfg.StreamsPerSocket > 1),
				Statuses: map[int]upstream.Kind{
					302: upstream.ConnectFailed,
					400: upstream.ConnectFailed,
					401: upstream.AuthFailed,
					402: upstream.NoCredit,
					403: upstream.AuthFailed,
					404: upstream.ConnectFailed,
					429: upstream.Throttled,
					500: upstream.ConnectFailed,
					503: upstream.ConnectFailed,
				},
				Closes: map[int]upstream.Kind{
					1000: upstream.Dropped,
					1001: upstream.Dropped,
					1008: upstream.Dropped, // audio had come
					1011: upstream.Dropped,
					1012: upstream.Dropped,
					1013: upstream.ConnectFailed,
					3000: upstream.Dropped,
					4001: upstream.Dropped,
				},
			})
		})
	}
}

// errorKinds are what texts of errors mean.
var errorKinds = map[string]upstream.Kind{
	"invalid API key":               upstream.AuthFailed,
	"Unauthorized":                  upstream.AuthFailed,
	"authentication failed":         upstream.AuthFailed,
	"insufficient credits":          upstream.NoCredit,
	"Payment required":              upstream.NoCredit,
	"rate limit exceeded":           upstream.Throttled,
	"too many concurrent requests":  upstream.Throttled,
	"Concurrency limit reached":     upstream.Throttled,
	"voice not found":               upstream.Rejected,
	"invalid voiceId":               upstream.Rejected,
	"invalid message":               upstream.Rejected,
	"unsupported sampleRate":        upstream.Rejected,
	"text exceeds 5000 characters":  upstream.Rejected,
	"text is required":              upstream.Rejected,
	"voiceId is required":           upstream.Rejected,
	"voiceId and text are required": upstream.Rejected,
	"generationId is required":      upstream.Rejected,
	"generationId was used before":  upstream.Rejected,
	"failed to generate audio":      upstream.UpstreamError,
	"internal server error":         upstream.UpstreamError,
	"timeout":                       upstream.UpstreamError,
	"":                              upstream.UpstreamError,
	"the model said no, and this is about as long as an error gets: invalid API key": upstream.UpstreamError,
}

// errorCases are the vendor's errors of one generation, and of a socket, which ends all streams that share it.
func errorCases(shared bool) []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for text, kind := range errorKinds {
		full := any(text + " secret vendor text")
		cases = append(cases,
			upstreamtest.ErrorCase{Name: text, Kind: kind, Send: func(c *upstreamtest.Conn, id string) {
				c.Send(reply{"type": "error", "generationId": id, "error": full})
			}},
			upstreamtest.ErrorCase{Name: text + " of the socket", Kind: kind, Session: shared, Send: func(c *upstreamtest.Conn, _ string) {
				c.Send(reply{"type": "error", "generationId": "", "error": full})
			}},
			upstreamtest.ErrorCase{Name: text + " of no id", Kind: kind, Session: shared, Send: func(c *upstreamtest.Conn, _ string) {
				c.Send(reply{"type": "error", "error": reply{"message": full}})
			}})
	}
	return cases
}
