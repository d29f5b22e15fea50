package openai

import (
	"encoding/json"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testRequest = upstream.Request{
	ID: "gen-1", Tenant: "acme", Model: "tts-1", Voice: "alloy", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// with is the defaults with changes.
func with(change func(*Config)) Config {
	cfg := defaults()
	change(&cfg)
	return cfg
}

func TestSuite(t *testing.T) {
	for name, cfg := range map[string]Config{
		"audio":             defaults(),
		"audio, one by one": with(func(c *Config) { c.Prefetch = 0 }),
		"events":            with(func(c *Config) { c.StreamFormat = streamSSE }),
	} {
		t.Run(name, func(t *testing.T) {
			upstreamtest.Run(t, upstreamtest.Subject{
				Open:     func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
				Request:  testRequest,
				Script:   script,
				Wire:     upstreamtest.OverHTTP,
				Errors:   errorCases(),
				Statuses: statusKinds(),
			})
		})
	}
}

// statusKinds are what statuses mean that no body explains.
func statusKinds() map[int]upstream.Kind {
	return map[int]upstream.Kind{
		302: upstream.ConnectFailed,
		307: upstream.ConnectFailed,
		400: upstream.Rejected,
		401: upstream.AuthFailed,
		402: upstream.NoCredit,
		403: upstream.AuthFailed,
		404: upstream.Rejected,
		405: upstream.Rejected,
		408: upstream.UpstreamError,
		409: upstream.UpstreamError,
		413: upstream.Rejected,
		415: upstream.Rejected,
		418: upstream.Rejected,
		422: upstream.Rejected,
		429: upstream.Throttled,
		500: upstream.UpstreamError,
		502: upstream.UpstreamError,
		503: upstream.UpstreamError,
		504: upstream.UpstreamError,
		529: upstream.UpstreamError,
	}
}

// secret is where servers have free text, which may quote the client's.
const secret = "secret vendor text"

// errorCases are refusals with an explanation, in each of the forms that servers have, and failures in an answer that began
// well.
func errorCases() []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	add := func(name string, status int, body any, kind upstream.Kind, code string) {
		cases = append(cases, upstreamtest.ErrorCase{Name: name, Kind: kind, Code: code, Send: func(c *upstreamtest.Conn, _ string) {
			c.Respond(status, http.Header{"Content-Type": {"application/json"}})
			c.Send(body)
			c.Drop()
		}})
	}
	envelope := func(kind, code any) reply {
		return reply{"error": reply{"message": secret, "type": kind, "param": nil, "code": code}}
	}
	for name, c := range map[string]struct {
		status int
		body   any
		kind   upstream.Kind
		code   string
	}{
		"a wrong key":                 {401, envelope("invalid_request_error", "invalid_api_key"), upstream.AuthFailed, "invalid_api_key"},
		"no key":                      {401, envelope("invalid_request_error", nil), upstream.AuthFailed, "invalid_request_error"},
		"a spent quota":               {429, envelope("insufficient_quota", "insufficient_quota"), upstream.NoCredit, "insufficient_quota"},
		"too fast":                    {429, envelope("requests", "rate_limit_exceeded"), upstream.Throttled, "rate_limit_exceeded"},
		"no such model":               {404, envelope("invalid_request_error", "model_not_found"), upstream.Rejected, "model_not_found"},
		"offline":                     {503, envelope("server_error", "OFFLINE"), upstream.UpstreamError, "OFFLINE"},
		"no such voice":               {400, envelope("invalid_request_error", "VOICE_NOT_FOUND"), upstream.Rejected, "VOICE_NOT_FOUND"},
		"free text as a code":         {400, envelope(secret, secret), upstream.Rejected, "400"},
		"a text":                      {500, reply{"error": secret}, upstream.UpstreamError, "500"},
		"a detail":                    {400, reply{"detail": secret}, upstream.Rejected, "400"},
		"a detailed object":           {400, reply{"detail": reply{"error": "invalid_model", "message": secret, "type": "invalid_request_error"}}, upstream.Rejected, "invalid_model"},
		"a validation list":           {422, reply{"detail": []reply{{"loc": []string{"body", "input"}, "msg": secret, "type": "missing"}}}, upstream.Rejected, "missing"},
		"a list of texts":             {422, reply{"detail": []string{secret}}, upstream.Rejected, "422"},
		"no object":                   {500, []string{secret}, upstream.UpstreamError, "500"},
		"a flat one":                  {403, reply{"code": "forbidden", "message": secret}, upstream.AuthFailed, "forbidden"},
		"a failure that is no status": {200, envelope("server_error", nil), upstream.UpstreamError, "server_error"},
		"a quota that is no status":   {200, envelope("x", "insufficient_quota"), upstream.NoCredit, "insufficient_quota"},
		"a pace that is no status":    {200, envelope("rate_limit_exceeded", nil), upstream.Throttled, "rate_limit_exceeded"},
		"a status within":             {200, reply{"error": reply{"code": 429, "message": secret}}, upstream.Throttled, "429"},
		"an object of nothing":        {200, reply{}, upstream.UpstreamError, ""},
	} {
		add(name, c.status, c.body, c.kind, c.code)
	}
	cases = append(cases, upstreamtest.ErrorCase{
		Name: "an event of failure", Kind: upstream.Throttled, Code: "rate_limit_exceeded",
		Send: func(c *upstreamtest.Conn, _ string) {
			c.Respond(200, http.Header{"Content-Type": {eventsType}})
			sendEvent(c, reply{"type": "error", "error": reply{"code": "rate_limit_exceeded", "message": secret}})
			c.Drop()
		},
	}, upstreamtest.ErrorCase{
		Name: "a body that is no JSON", Kind: upstream.UpstreamError, Code: "502",
		Send: func(c *upstreamtest.Conn, _ string) {
			c.Respond(502, http.Header{"Content-Type": {"text/html"}})
			c.SendRaw([]byte("<html>" + secret))
			c.Drop()
		},
	}, upstreamtest.ErrorCase{
		Name: "compressed audio", Kind: upstream.Garbled,
		Send: func(c *upstreamtest.Conn, _ string) {
			c.Respond(200, http.Header{"Content-Type": {"audio/mpeg"}})
			c.SendRaw([]byte("ID3"))
			c.Drop()
		},
	})
	return cases
}

func TestOptionsAreRefused(t *testing.T) {
	upstreamtest.CheckOptions(t, func(raw json.RawMessage) error { _, err := parseOptions(raw); return err }, map[string]string{
		`[]`: "", `null`: "", `{"input":"x"}`: "input", `{"instructions":7}`: "instructions", `{"instructions":null}`: "instructions",
	})
	if _, err := parseOptions(json.RawMessage(`{"instructions":"Speak softly."}`)); err != nil {
		t.Error(err)
	}
}
