package fish

import (
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testRequest = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: "802e3bc2b27e49c2995d23ef70e6ac89", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

func TestSuite(t *testing.T) {
	upstreamtest.Run(t, upstreamtest.Subject{
		Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
		Request: testRequest,
		Script:  script,
		Errors:  errorCases(),
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
			1008: upstream.Dropped,
			1011: upstream.UpstreamError,
			1012: upstream.Dropped,
			1013: upstream.ConnectFailed,
			4001: upstream.Dropped,
		},
	})
}

// errorCases are the vendor's errors, which have no codes.
func errorCases() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for name, e := range map[string]struct {
		frame reply
		kind  upstream.Kind
	}{
		"too many streams":   {reply{"event": eventError, "error": "secret vendor text", "max_concurrency": 5}, upstream.Throttled},
		"by its text":        {reply{"event": eventError, "error": "Concurrency limit exceeded: secret vendor text"}, upstream.Throttled},
		"a bad key":          {reply{"event": eventError, "error": "Invalid Token"}, upstream.AuthFailed},
		"no credit":          {reply{"event": eventError, "error": "Insufficient Balance"}, upstream.NoCredit},
		"a bad rate":         {reply{"event": eventError, "error": "Invalid sample rate 7"}, upstream.Rejected},
		"a bad setting":      {reply{"event": eventError, "error": "unknown variant `secret vendor text`"}, upstream.Rejected},
		"an unknown text":    {reply{"event": eventError, "error": "secret vendor text"}, upstream.UpstreamError},
		"no text":            {reply{"event": eventError}, upstream.UpstreamError},
		"a text of a number": {reply{"event": eventError, "error": 7}, upstream.UpstreamError},
		"a bad finish":       {reply{"event": eventFinish, "reason": "error", "time": 1.5}, upstream.UpstreamError},
		"a bare finish":      {reply{"event": eventFinish}, upstream.UpstreamError},
	} {
		cases = append(cases, upstreamtest.ErrorCase{
			Name: name, Kind: e.kind, Send: func(c *upstreamtest.Conn, _ string) { c.SendBinary(encode(e.frame)) },
		})
	}
	return cases
}
