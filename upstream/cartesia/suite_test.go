package cartesia

import (
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testRequest = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: "a0e99841-438c-4a64-b679-ae501e7d6091", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// sharing are the default options but for the streams that share a socket.
func sharing(streams int) Config {
	cfg := defaults()
	cfg.StreamsPerSocket = streams
	return cfg
}

// TestSuite runs the suite with a socket a stream, and with streams that share sockets.
func TestSuite(t *testing.T) {
	for name, cfg := range map[string]Config{"alone": sharing(1), "shared": defaults()} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "alone" {
				t.Skip("sharing has all that there is to race")
			}
			upstreamtest.Run(t, upstreamtest.Subject{
				Open:    func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
				Request: testRequest,
				Script:  script,
				Errors:  errorCases(cfg.StreamsPerSocket > 1),
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

// errorKinds are what errors mean: by their codes, and by their statuses where those say nothing.
var errorKinds = []struct {
	code   string
	status int
	kind   upstream.Kind
	tells  string // the code that the relay's client gets
}{
	{"model_not_found", 400, upstream.Rejected, "model_not_found"},
	{"concurrency_limited", 429, upstream.Throttled, "concurrency_limited"},
	{"secret vendor text", 400, upstream.Rejected, "400"},
	{"", 401, upstream.AuthFailed, "401"},
	{"", 402, upstream.NoCredit, "402"},
	{"", 403, upstream.AuthFailed, "403"},
	{"", 404, upstream.Rejected, "404"},
	{"", 408, upstream.UpstreamError, "408"},
	{"", 422, upstream.Rejected, "422"},
	{"", 429, upstream.Throttled, "429"},
	{"", 500, upstream.UpstreamError, "500"},
	{"", 503, upstream.UpstreamError, "503"},
	{"", 599, upstream.UpstreamError, "599"},
	{"", 0, upstream.UpstreamError, ""},
}

// errorCases are the vendor's errors of one context, and of a socket, which ends all streams that share it.
func errorCases(shared bool) []upstreamtest.ErrorCase {
	var cases []upstreamtest.ErrorCase
	for _, e := range errorKinds {
		frame := func(id string) reply {
			r := reply{"type": "error", "title": "secret vendor text", "message": "secret vendor text", "request_id": "r", "done": true}
			if e.code != "" {
				r["error_code"] = e.code
			}
			if e.status != 0 {
				r["status_code"] = e.status
			}
			if id != "" {
				r["context_id"] = id
			}
			return r
		}
		name := e.code + " " + strconv.Itoa(e.status)
		cases = append(cases,
			upstreamtest.ErrorCase{Name: name, Kind: e.kind, Code: e.tells, Send: func(c *upstreamtest.Conn, id string) { c.Send(frame(id)) }},
			upstreamtest.ErrorCase{
				Name: name + " of the socket", Kind: e.kind, Code: e.tells, Session: shared,
				Send: func(c *upstreamtest.Conn, _ string) { c.Send(frame("")) },
			})
	}
	return cases
}
