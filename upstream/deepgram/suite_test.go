package deepgram

import (
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testRequest = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: "aura-2-thalia-en", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// fluxRequest is one that Flux serves.
var fluxRequest = func() upstream.Request {
	req := testRequest
	req.Voice = "flux-alexis-en"
	return req
}()

func TestSuite(t *testing.T) {
	t.Run("aura", func(t *testing.T) { runSuite(t, testRequest, auraScript, auraErrors()) })
	t.Run("flux", func(t *testing.T) { runSuite(t, fluxRequest, fluxScript, fluxErrors()) })
}

func runSuite(t *testing.T, req upstream.Request, script func(*upstreamtest.Conn), errors []upstreamtest.ErrorCase) {
	t.Helper()
	upstreamtest.Run(t, upstreamtest.Subject{
		Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
		Request: req,
		Script:  script,
		Errors:  errors,
		Statuses: map[int]upstream.Kind{
			302: upstream.ConnectFailed,
			400: upstream.Rejected,
			401: upstream.AuthFailed,
			402: upstream.NoCredit,
			403: upstream.AuthFailed,
			404: upstream.Rejected,
			429: upstream.Throttled,
			500: upstream.ConnectFailed,
			503: upstream.ConnectFailed,
		},
		Closes: map[int]upstream.Kind{
			1000: upstream.Dropped,
			1001: upstream.Dropped,
			1003: upstream.Rejected,
			1008: upstream.Rejected,
			1009: upstream.Rejected,
			1011: upstream.UpstreamError,
			1012: upstream.Dropped,
			1013: upstream.ConnectFailed,
			3000: upstream.Dropped,
			4001: upstream.Dropped,
		},
	})
}

// sends is an error that the vendor tells in a frame.
func sends(name string, kind upstream.Kind, tells string, frame reply) upstreamtest.ErrorCase {
	return upstreamtest.ErrorCase{
		Name: name, Kind: kind, Code: tells, Send: func(c *upstreamtest.Conn, _ string) { c.Send(frame) },
	}
}

// auraErrors are the vendor's errors, and the one warning after which a stream would wait for ever.
func auraErrors() []upstreamtest.ErrorCase {
	return append(errorCases(),
		sends("a warning of flushes", upstream.Throttled, "", reply{"type": "Warning", "code": "X", "description": "Cannot Flush any more: secret vendor text"}),
		sends("the other warning", upstream.Throttled, "", reply{"type": "Warning", "warn_msg": "too many flush messages"}),
	)
}

// fluxErrors have the warnings by their codes alone.
func fluxErrors() []upstreamtest.ErrorCase {
	return append(errorCases(),
		sends("a warning of flushes", upstream.Throttled, "", reply{"type": "Warning", "code": "FLUSH_RATE_EXCEEDED", "description": "secret vendor text"}),
		sends("no audio", upstream.NoAudio, noAudioGenerated, reply{"type": "Warning", "code": noAudioGenerated, "description": "secret vendor text"}),
	)
}

func errorCases() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for code, kind := range map[string]upstream.Kind{
		"MESSAGE-0000": upstream.Rejected,
		"DATA-0000":    upstream.Rejected,
		"DATA-0001":    upstream.Rejected,
		"DATA-0002":    upstream.Rejected,
		"BIG-0000":     upstream.Rejected,
		"BIG-0001":     upstream.Rejected,
		"NET-0000":     upstream.UpstreamError,
		"NET-0001":     upstream.UpstreamError,
		"NET-0002":     upstream.UpstreamError,
		"NET-0003":     upstream.UpstreamError,
		"NET-0004":     upstream.UpstreamError,
	} {
		cases = append(cases, sends(code, kind, code, reply{"type": "Error", "code": code, "description": "secret vendor text"}))
	}
	return append(cases,
		sends("another code", upstream.UpstreamError, "", reply{"type": "Error", "code": "secret vendor text"}),
		sends("no code", upstream.UpstreamError, "", reply{"type": "Error"}),
	)
}
