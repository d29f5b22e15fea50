package zeligate

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
	defaults = Config{Auth: authBOS, Idle: 12 * time.Second}
	request  = upstream.Request{
		ID: "gen-1", Tenant: "acme", Voice: "zeli-voice-1", Speed: 1, Normalize: true,
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
			302: upstream.ConnectFailed,
			400: upstream.Rejected,
			401: upstream.AuthFailed,
			402: upstream.NoCredit,
			403: upstream.AuthFailed,
			404: upstream.Rejected,
			422: upstream.Rejected,
			429: upstream.Throttled,
			500: upstream.ConnectFailed,
			502: upstream.ConnectFailed,
			503: upstream.UpstreamError,
		},
		Closes: map[int]upstream.Kind{
			1000: upstream.Dropped,
			1001: upstream.Dropped,
			1008: upstream.Rejected,
			1009: upstream.Rejected,
			1011: upstream.UpstreamError,
			1012: upstream.Dropped,
			1013: upstream.ConnectFailed,
			3999: upstream.Dropped,
			4000: upstream.Dropped,
		},
	})
}

// kinds are what the errors with an identifier are.
var kinds = map[string]upstream.Kind{
	"missing_api_key":              upstream.AuthFailed,
	"invalid_api_key":              upstream.AuthFailed,
	"authentication_required":      upstream.AuthFailed,
	"invalid_output_format":        upstream.Rejected,
	"voice_not_found":              upstream.Rejected,
	"model_loading":                upstream.UpstreamError,
	"json_invalid":                 upstream.Rejected,
	"missing":                      upstream.Rejected,
	"value_error":                  upstream.Rejected,
	"greater_than":                 upstream.Rejected,
	"quota_exceeded":               upstream.NoCredit,
	"max_character_limit_exceeded": upstream.Rejected,
	"input_timeout_exceeded":       upstream.Dropped,
	"max_active_conversations":     upstream.Throttled,
	"too_many_concurrent_requests": upstream.Throttled,
	"system_busy":                  upstream.Throttled,
	"brand_new":                    upstream.UpstreamError,
}

// errorCases are the vendor's errors in all the shapes that they may have.
func errorCases() []upstreamtest.ErrorCase {
	const text = "secret vendor text"
	var cases []upstreamtest.ErrorCase
	add := func(name string, kind upstream.Kind, code string, frame reply) {
		cases = append(cases, upstreamtest.ErrorCase{
			Name: name, Kind: kind, Code: code,
			Send: func(c *upstreamtest.Conn, _ string) { c.Send(frame) },
		})
	}
	for id, kind := range kinds {
		add(id, kind, id, reply{"detail": reply{"status": id, "message": text}})
		add(id+", flat", kind, id, reply{"message": text, "error": id, "code": 4999})
		add(id+", invalid", orInvalid(id, kind), id, invalid(id))
	}
	add("an unknown identifier with a code", upstream.Rejected, "brand_new", reply{"message": text, "error": "brand_new", "code": 1008})
	add("an unknown identifier with a status", upstream.NoCredit, "brand_new", reply{"message": text, "error": "brand_new", "code": 402})
	add("free text for an identifier", upstream.Rejected, "1008", reply{"error": text, "code": 1008})
	add("a word for an identifier", upstream.UpstreamError, "", reply{"error": "word"})
	add("an object for an identifier", upstream.UpstreamError, "1011", reply{"error": reply{"message": text}, "code": 1011})
	add("a message alone", upstream.UpstreamError, "", reply{"message": text})
	add("a code alone", upstream.Throttled, "429", reply{"code": 429})
	add("a detail that is text", upstream.UpstreamError, "", reply{"detail": text})
	add("a detail of another shape", upstream.UpstreamError, "", reply{"detail": reply{"status": 5, "message": text}})
	add("what is invalid without a type", upstream.Rejected, "", reply{"detail": []reply{{"msg": text}}})
	add("an error in a last frame", upstream.UpstreamError, "model_loading", reply{"audio": nil, "isFinal": true, "error": "model_loading"})
	return cases
}

// orInvalid is an error's kind where it stands in the list of what is invalid.
func orInvalid(id string, kind upstream.Kind) upstream.Kind {
	if id == "brand_new" {
		return upstream.Rejected
	}
	return kind
}
