package rime

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testRequest = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: "lyra", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// by are the default options but for the protocol.
func by(protocol string) Config {
	cfg := defaults()
	cfg.Protocol = protocol
	return cfg
}

func TestSuite(t *testing.T) {
	alone := defaults()
	alone.StreamsPerSocket = 1
	for name, s := range map[string]struct {
		cfg    Config
		script func(*upstreamtest.Conn)
		errors []upstreamtest.ErrorCase
	}{
		"v1":       {defaults(), scriptV1, errorsV1(true)},
		"v1 alone": {alone, scriptV1, errorsV1(false)},
		"ws3":      {by(protocolWS3), scriptWS3, errorsWS3()},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "v1 alone" {
				t.Skip("sharing has all that there is to race")
			}
			upstreamtest.Run(t, upstreamtest.Subject{
				Open:    func(env upstream.Env) (upstream.Provider, error) { return open(s.cfg, env) },
				Request: testRequest,
				Script:  s.script,
				Errors:  s.errors,
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
					3000: upstream.Dropped,
					4001: upstream.Dropped,
				},
			})
		})
	}
}

// kinds are the vendor's, with what each means and what is told of it.
var kinds = []struct {
	kind  string
	means upstream.Kind
	tells string
}{
	{"invalid_input", upstream.Rejected, "invalid_input"},
	{"unauthenticated", upstream.AuthFailed, "unauthenticated"},
	{"permission_denied", upstream.AuthFailed, "permission_denied"},
	{"not_found", upstream.Rejected, "not_found"},
	{"resource_exhausted", upstream.Throttled, "resource_exhausted"},
	{"timeout", upstream.UpstreamError, "timeout"},
	{"unavailable", upstream.UpstreamError, "unavailable"},
	{"internal", upstream.UpstreamError, "internal"},
	{"unimplemented", upstream.Rejected, "unimplemented"},
	{"brand_new", upstream.UpstreamError, "brand_new"},
	{"Free text!", upstream.UpstreamError, ""},
	{"", upstream.UpstreamError, ""},
}

// errorsV1 are the errors of a context, and the same of a whole connection, which others may be on.
func errorsV1(shared bool) []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for _, k := range kinds {
		for _, session := range []bool{false, true} {
			name := k.kind
			if session {
				name += " of the connection"
			}
			cases = append(cases, upstreamtest.ErrorCase{
				Name: name, Kind: k.means, Code: k.tells, Session: session && shared,
				Send: func(c *upstreamtest.Conn, id string) {
					r := reply{"error": reply{"kind": k.kind, "message": "secret vendor text", "requestId": "r-1"}}
					if !session {
						r["contextId"] = id
					}
					c.Send(r)
				},
			})
		}
	}
	return append(cases, upstreamtest.ErrorCase{
		Name: "a cancel of nobody's", Kind: upstream.Dropped,
		Send: func(c *upstreamtest.Conn, id string) { c.Send(reply{"contextId": id, "cancelled": reply{}}) },
	})
}

// errorsWS3 are errors by their texts.
func errorsWS3() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for text, kind := range map[string]upstream.Kind{
		"secret vendor text":                  upstream.UpstreamError,
		"Unauthorized: secret vendor text":    upstream.AuthFailed,
		"Your API key has been revoked":       upstream.AuthFailed,
		"Forbidden":                           upstream.AuthFailed,
		"Out of credits":                      upstream.NoCredit,
		"Rate limit exceeded":                 upstream.Throttled,
		"Too many requests with this API":     upstream.Throttled,
		"Invalid speaker: secret vendor text": upstream.Rejected,
		"Text is too long":                    upstream.Rejected,
		strings.Repeat("-", 60) + " invalid":  upstream.UpstreamError, // perhaps the client's own
		"":                                    upstream.UpstreamError,
	} {
		cases = append(cases, upstreamtest.ErrorCase{
			Name: text, Kind: kind, Send: func(c *upstreamtest.Conn, _ string) { c.Send(reply{"type": "error", "message": text}) },
		})
	}
	return append(cases, upstreamtest.ErrorCase{
		Name: "without a text", Kind: upstream.UpstreamError,
		Send: func(c *upstreamtest.Conn, _ string) { c.Send(reply{"type": "error", "message": reply{"code": 1}}) },
	})
}
