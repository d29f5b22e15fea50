package together

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func request() upstream.Request {
	return upstream.Request{
		ID: "gen-1", Tenant: "acme", Model: "hexgrad/Kokoro-82M", Voice: "af_heart", Speed: 1, Normalize: true,
		Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
	}
}

func TestSuite(t *testing.T) {
	for _, h := range []habits{{}, {echo: true}, {clock: true}, {echo: true, clock: true}} {
		t.Run(fmt.Sprintf("%+v", h), func(t *testing.T) { runSuite(t, h) })
	}
}

func runSuite(t *testing.T, h habits) {
	upstreamtest.Run(t, upstreamtest.Subject{
		Open:    func(env upstream.Env) (upstream.Provider, error) { return open(defaults(), env) },
		Request: request(),
		Script:  script(h),
		Errors:  errorCases(),
		Statuses: map[int]upstream.Kind{
			302: upstream.ConnectFailed,
			400: upstream.Rejected,
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
			4000: upstream.Dropped,
		},
	})
}

// errorCases are the vendor's errors, with the context named and not. One that names none ends its socket, which
// carries one stream only as long as nothing has been named.
func errorCases() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for _, e := range []struct {
		name  string
		frame reply
		kind  upstream.Kind
		code  string
	}{
		{"a bad key", failedWith("invalid_api_key", "invalid_request_error"), upstream.AuthFailed, "invalid_api_key"},
		{"no key", failedWith("missing_api_key", "invalid_request_error"), upstream.AuthFailed, "missing_api_key"},
		{"no model", failedWith("model_not_available", "invalid_request_error"), upstream.Rejected, "model_not_available"},
		{"bad text", failedWith("invalid_text", "invalid_request_error"), upstream.Rejected, "invalid_text"},
		{"no code", failedWith(nil, "invalid_request_error"), upstream.Rejected, ""},
		{"a fault", failedWith("internal_error", "server_error"), upstream.UpstreamError, "internal_error"},
		{"free text for a code", failedWith("Oh no! secret", "server_error"), upstream.UpstreamError, ""},
		{"numbers", failedWith(429, 7), upstream.UpstreamError, ""},
		{"an error without details", reply{"type": typeFailed}, upstream.UpstreamError, ""},
		{"an error that is a text", reply{"type": typeFailed, "error": "secret vendor text"}, upstream.UpstreamError, ""},
		{"an error event", reply{"type": typeError, "error": reply{"message": "secret vendor text", "code": "invalid_request"}}, upstream.UpstreamError, "invalid_request"},
		{"an error event without error", reply{"type": typeError, "message": "secret vendor text"}, upstream.UpstreamError, ""},
	} {
		for _, named := range []bool{false, true} {
			cases = append(cases, upstreamtest.ErrorCase{
				Name: fmt.Sprintf("%s, named %v", e.name, named), Kind: e.kind, Code: e.code,
				Send: func(c *upstreamtest.Conn, id string) {
					f := reply{}
					for k, v := range e.frame {
						f[k] = v
					}
					if named {
						f["context_id"] = id
					}
					c.Send(f)
				},
			})
		}
	}
	return cases
}

func failedWith(code, kind any) reply {
	return reply{"type": typeFailed, "error": reply{"message": "secret vendor text", "type": kind, "param": nil, "code": code}}
}
