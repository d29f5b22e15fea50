package uplift

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

var request1 = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: "v_meklc281", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// over is the defaults with that transport.
func over(transport string) Config {
	cfg := defaults
	cfg.Transport = transport
	return cfg
}

// transports are both.
var transports = []string{transportWebSocket, transportSocketIO}

func TestSuite(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			upstreamtest.Run(t, upstreamtest.Subject{
				Open:    func(env upstream.Env) (upstream.Provider, error) { return open(over(transport), env) },
				Request: request1,
				Script:  script,
				Errors:  errorCases(),
				Statuses: map[int]upstream.Kind{
					401: upstream.AuthFailed,
					402: upstream.NoCredit,
					403: upstream.AuthFailed,
					404: upstream.ConnectFailed,
					429: upstream.Throttled,
					302: upstream.ConnectFailed,
					500: upstream.ConnectFailed,
					503: upstream.ConnectFailed,
				},
				Closes: map[int]upstream.Kind{
					1000: upstream.Dropped,
					1001: upstream.Dropped,
					1011: upstream.UpstreamError,
					1012: upstream.Dropped,
					1013: upstream.ConnectFailed,
					4001: upstream.Dropped,
				},
			})
		})
	}
}

// errorCases are the vendor's errors of one request, and the same of a whole connection.
func errorCases() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for _, e := range []struct {
		code string
		kind upstream.Kind
		told string
	}{
		{"auth_failed", upstream.AuthFailed, "auth_failed"},
		{"synthesis_failed", upstream.UpstreamError, "synthesis_failed"},
		{"duplicate_request", upstream.Rejected, "duplicate_request"},
		{"rate_limit_exceeded", upstream.Throttled, "rate_limit_exceeded"},
		{"text_too_long", upstream.Rejected, "text_too_long"},
		{"insufficient_credits", upstream.UpstreamError, "insufficient_credits"},
		{"free text", upstream.UpstreamError, ""},
		{"", upstream.UpstreamError, ""},
	} {
		for _, session := range []bool{false, true} {
			name := e.code
			if session {
				name += " of the connection"
			}
			cases = append(cases, upstreamtest.ErrorCase{
				Name: name, Kind: e.kind, Code: e.told, Session: session,
				Send: func(c *upstreamtest.Conn, id string) {
					r := reply{"type": "error", "code": e.code, "message": "secret vendor text"}
					if !session {
						r["requestId"] = id + ".0"
					}
					line{c, c.Request.URL.Path == "/socket.io/"}.say(r)
				},
			})
		}
	}
	return cases
}
