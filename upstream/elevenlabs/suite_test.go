package elevenlabs

import (
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var request = upstream.Request{
	ID: "gen-1", Tenant: "acme", Model: "eleven_flash_v2_5", Voice: "21m00Tcm4TlvDq8ikWAM", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// statusKinds are what handshakes may be answered with, closeKinds what sockets may be closed with.
var (
	statusKinds = map[int]upstream.Kind{
		302: upstream.ConnectFailed,
		400: upstream.Rejected,
		401: upstream.AuthFailed,
		402: upstream.NoCredit,
		403: upstream.AuthFailed,
		404: upstream.Rejected,
		422: upstream.Rejected,
		429: upstream.Throttled,
		500: upstream.UpstreamError,
		502: upstream.ConnectFailed,
		503: upstream.Throttled,
	}
	closeKinds = map[int]upstream.Kind{
		1000: upstream.Dropped,
		1001: upstream.Dropped,
		1002: upstream.UpstreamError,
		1008: upstream.UpstreamError,
		1009: upstream.Rejected,
		1011: upstream.UpstreamError,
		1012: upstream.Dropped,
		1013: upstream.ConnectFailed,
		3999: upstream.Dropped,
	}
)

// TestSuite runs the suite with streams that share sockets, and with a socket each, which is no harder.
func TestSuite(t *testing.T) {
	for name, streams := range map[string]int{"shared": 2, "alone": 1} {
		t.Run(name, func(t *testing.T) {
			if streams == 1 && testing.Short() {
				t.Skip("a socket each")
			}
			cfg := defaults()
			cfg.StreamsPerSocket = streams
			upstreamtest.Run(t, upstreamtest.Subject{
				Open:     func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
				Request:  request,
				Script:   script,
				Errors:   errorCases(streams > 1),
				Statuses: statusKinds,
				Closes:   closeKinds,
			})
		})
	}
}

// told are errors as the vendor tells them, and what they mean.
var told = []struct {
	id, text string
	code     int
	kind     upstream.Kind
	want     string // the code that is told
}{
	{"input_timeout_exceeded", "Have not received a new text input within the timeout of 20 seconds", 1008, upstream.Dropped, "input_timeout_exceeded"},
	{"max_active_conversations", "Maximum 5 contexts", 1008, upstream.Throttled, "max_active_conversations"},
	{"authentication_required", "", 1008, upstream.AuthFailed, "authentication_required"},
	{"missing_api_key", "", 1008, upstream.AuthFailed, "missing_api_key"},
	{"invalid_api_key", "Invalid API key", 1008, upstream.AuthFailed, "invalid_api_key"},
	{"quota_exceeded", "", 1008, upstream.NoCredit, "quota_exceeded"},
	{"voice_not_found", "A voice was not found.", 1008, upstream.Rejected, "voice_not_found"},
	{"max_character_limit_exceeded", "", 1008, upstream.Rejected, "max_character_limit_exceeded"},
	{"too_many_concurrent_requests", "", 1008, upstream.Throttled, "too_many_concurrent_requests"},
	{"system_busy", "", 1008, upstream.Throttled, "system_busy"},

	{"", "voice_settings field must be provided in the first message and then either be not provided or not change.", 1008, upstream.Rejected, "1008"},
	{"", "This request exceeds your quota limit.", 1002, upstream.NoCredit, "1002"},
	{"", "We are sorry, something went wrong. You are not charged for this request.", 1008, upstream.UpstreamError, "1008"},
	{"", "Invalid API key", 1008, upstream.AuthFailed, "1008"},
	{"", "A voice with that voice_id does not exist.", 1008, upstream.Rejected, "1008"},
	{"", "A model with that id does not exist.", 1008, upstream.Rejected, "1008"},
	{"", "Too many concurrent requests", 1008, upstream.Throttled, "1008"},

	{"brand_new", "what nobody has seen", 1008, upstream.UpstreamError, "brand_new"},
	{"brand_new", "your quota is spent", 1008, upstream.NoCredit, "brand_new"},
	{"brand_new", "", 429, upstream.Throttled, "brand_new"},
	{"secret", "", 401, upstream.AuthFailed, "401"}, // a single word may be of a text
	{"", "", 1009, upstream.Rejected, "1009"},
	{"secret", "", 0, upstream.UpstreamError, ""},
}

// errorCases are the vendor's errors, which are all of the socket, as frames and as closes.
func errorCases(shared bool) []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for _, e := range told {
		name := e.id + " " + e.text + " " + e.want
		cases = append(cases, upstreamtest.ErrorCase{
			Name: name, Kind: e.kind, Code: e.want, Session: shared,
			Send: func(c *upstreamtest.Conn, id string) {
				f := reply{"message": e.text + " secret vendor text", "error": nil, "code": e.code}
				if e.id != "" {
					f["error"], f["contextId"] = e.id, vendorsocket.JoinID(id, 0)
				}
				c.Send(f)
			},
		})
	}
	return cases
}
