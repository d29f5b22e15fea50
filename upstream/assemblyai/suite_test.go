package assemblyai

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
	ID: "gen-1", Tenant: "acme", Voice: "aai-jane", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// without are the default options but for times of words.
func without() Config {
	cfg := defaults()
	cfg.WordBoundaries = false
	return cfg
}

func TestSuite(t *testing.T) {
	for name, s := range map[string]struct {
		cfg Config
		habits
	}{
		"prompt words": {defaults(), habits{}},
		"late words":   {defaults(), habits{lateWords: true}},
		"no words":     {without(), habits{wordless: true}},
	} {
		t.Run(name, func(t *testing.T) { runSuite(t, s.cfg, s.habits) })
	}
}

func runSuite(t *testing.T, cfg Config, h habits) {
	upstreamtest.Run(t, upstreamtest.Subject{
		Open:    func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
		Request: testRequest,
		Script:  script(h),
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
		Closes: closeKinds(),
	})
}

func closeKinds() map[int]upstream.Kind {
	return map[int]upstream.Kind{
		1000: upstream.Dropped,
		1001: upstream.Dropped,
		1008: upstream.AuthFailed,
		1009: upstream.Rejected,
		1011: upstream.UpstreamError,
		1012: upstream.Dropped,
		1013: upstream.ConnectFailed,
		3005: upstream.UpstreamError,
		3006: upstream.Rejected,
		3008: upstream.Dropped,
		3009: upstream.Throttled,
		3010: upstream.UpstreamError,
		3011: upstream.UpstreamError,
		3012: upstream.Rejected,
		3014: upstream.Rejected,
		4001: upstream.Dropped,
	}
}

// errorCases are the vendor's errors, each by its code and, where that says more, by its type.
func errorCases() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	add := func(name string, kind upstream.Kind, tells string, frame reply) {
		frame["type"], frame["error"] = "Error", "secret vendor text"
		cases = append(cases, upstreamtest.ErrorCase{
			Name: name, Kind: kind, Code: tells, Send: func(c *upstreamtest.Conn, _ string) { c.Send(frame) },
		})
	}
	for code, kind := range closeKinds() {
		if code == 4001 {
			kind = upstream.UpstreamError // no code of the vendor's
		}
		add(fmt.Sprint(code), kind, strconv.Itoa(code), reply{"error_code": code, "error_type": "brand_new", "retryable": false})
	}
	add("a parameter", upstream.Rejected, "invalid_parameter", reply{"error_code": 3006, "error_type": "invalid_parameter", "param": "encoding"})
	add("a voice", upstream.Rejected, "voice_not_found", reply{"error_code": 3006, "error_type": "voice_not_found"})
	add("a rate", upstream.Throttled, "rate_limited", reply{"error_code": 3009, "error_type": "rate_limited", "retryable": true, "retry_after_seconds": 2.5})
	add("no judgement of the key", upstream.UpstreamError, "auth_unavailable", reply{"error_code": 1008, "error_type": "auth_unavailable", "retryable": true})
	add("a key for the moment", upstream.UpstreamError, "1008", reply{"error_code": 1008, "retryable": true})
	add("a text for the moment", upstream.UpstreamError, "3006", reply{"error_code": 3006, "error_type": "Free text!", "retryable": true})
	add("no code", upstream.UpstreamError, "", reply{})
	return cases
}
