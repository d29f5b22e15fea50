package minimax

import (
	"fmt"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testRequest = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: "English_Graceful_Lady", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

func openDefault(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) }

func TestSuite(t *testing.T) {
	upstreamtest.Run(t, upstreamtest.Subject{
		Open:    openDefault,
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

// kinds are what the vendor's codes mean, but for the one of a text that is sent again.
var kinds = map[int]upstream.Kind{
	1000: upstream.UpstreamError,
	1001: upstream.UpstreamError,
	1002: upstream.Throttled,
	1004: upstream.AuthFailed,
	1008: upstream.NoCredit,
	1039: upstream.Throttled,
	1042: upstream.Rejected,
	2013: upstream.Rejected,
	2054: upstream.Rejected,
	2201: upstream.Dropped,
	2202: upstream.Rejected,
	2204: upstream.Rejected,
	2206: upstream.Rejected,
	9999: upstream.UpstreamError, // not known
}

// errorCases are the vendor's errors: in the frame that is for them, and in any other.
func errorCases() []upstreamtest.ErrorCase {
	cases := []upstreamtest.ErrorCase{
		{Name: "no code", Kind: upstream.UpstreamError, Send: func(c *upstreamtest.Conn, _ string) { c.Send(reply{"event": eventFailed}) }},
		{Name: "finished", Kind: upstream.Dropped, Send: func(c *upstreamtest.Conn, _ string) { c.Send(reply{"event": eventFinished}) }},
	}
	for code, kind := range kinds {
		for _, event := range []string{eventFailed, eventAudio, "sentence_start"} {
			cases = append(cases, upstreamtest.ErrorCase{
				Name: fmt.Sprint(code, " in ", event), Kind: kind, Code: strconv.Itoa(code),
				Send: func(c *upstreamtest.Conn, _ string) { c.Send(says(event, reply{"data": nil}, code)) },
			})
		}
	}
	return cases
}
