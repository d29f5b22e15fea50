package kugelaudio

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	defaults = Config{ContextsPerSocket: 6, Idle: 2 * time.Minute}
	request  = upstream.Request{
		ID: "gen-1", Tenant: "acme", Model: "kugel-3.5", Voice: "1071", Speed: 1, Normalize: true,
		Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
	}
)

func TestSuite(t *testing.T) {
	upstreamtest.Run(t, upstreamtest.Subject{
		Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults, env) },
		Request: request,
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
			1012: upstream.Dropped,
			1013: upstream.ConnectFailed,
			3999: upstream.Dropped,
			4000: upstream.UpstreamError,
			4001: upstream.AuthFailed,
			4003: upstream.NoCredit,
			4029: upstream.Throttled,
			4500: upstream.UpstreamError,
		},
	})
}

// errorCases are the vendor's errors of one context, and the same of a whole session.
func errorCases() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for _, e := range []struct {
		code   string
		status int
		kind   upstream.Kind
		told   string
	}{
		{"VALIDATION_ERROR", 400, upstream.Rejected, "VALIDATION_ERROR"},
		{"VALIDATION_ERROR", 413, upstream.Rejected, "VALIDATION_ERROR"},
		{"VALIDATION_ERROR", 501, upstream.Rejected, "VALIDATION_ERROR"},
		{"MISSING_VOICE_ID", 400, upstream.Rejected, "MISSING_VOICE_ID"},
		{"UNAUTHORIZED", 401, upstream.AuthFailed, "UNAUTHORIZED"},
		{"UNAUTHORIZED", 403, upstream.AuthFailed, "UNAUTHORIZED"},
		{"INSUFFICIENT_CREDITS", 402, upstream.NoCredit, "INSUFFICIENT_CREDITS"},
		{"NOT_FOUND", 404, upstream.Rejected, "NOT_FOUND"},
		{"RATE_LIMITED", 429, upstream.Throttled, "RATE_LIMITED"},
		{"TOO_MANY_CONTEXTS", 429, upstream.Throttled, "TOO_MANY_CONTEXTS"},
		{"INTERNAL_ERROR", 500, upstream.UpstreamError, "INTERNAL_ERROR"},
		{"INTERNAL_ERROR", 503, upstream.UpstreamError, "INTERNAL_ERROR"},
		{"MODEL_UNAVAILABLE", 503, upstream.UpstreamError, "MODEL_UNAVAILABLE"},
		{"EMPTY_AUDIO", 500, upstream.NoAudio, "EMPTY_AUDIO"},
		{"BRAND_NEW", 429, upstream.Throttled, "BRAND_NEW"},
		{"BRAND_NEW", 599, upstream.UpstreamError, "BRAND_NEW"},
		{"", 402, upstream.NoCredit, "402"},
		{"free text", 500, upstream.UpstreamError, "500"},
	} {
		for _, session := range []bool{false, true} {
			name := e.code
			if session {
				name += " of the session"
			}
			cases = append(cases, upstreamtest.ErrorCase{
				Name: name, Kind: e.kind, Code: e.told, Session: session,
				Send: func(c *upstreamtest.Conn, id string) {
					f := reply{"error": "secret vendor text", "error_code": e.code, "code": e.status}
					if !session {
						f["context_id"] = id
					}
					c.Send(f)
				},
			})
		}
	}
	return cases
}
