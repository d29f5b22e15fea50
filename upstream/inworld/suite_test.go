package inworld

import (
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var request = upstream.Request{
	ID: "gen-1", Tenant: "acme", Voice: "Ashley", Speed: 1, Normalize: true,
	Output: audio.Format{Encoding: audio.PCM16, Rate: 24000},
}

// sharing are the default options but for the streams that share a socket.
func sharing(streams int) Config {
	cfg := defaults()
	cfg.StreamsPerSocket = streams
	return cfg
}

// TestSuite runs the suite with streams that share sockets, and with a socket each, which is no harder.
func TestSuite(t *testing.T) {
	for name, cfg := range map[string]Config{"shared": defaults(), "alone": sharing(1)} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "alone" {
				t.Skip("sharing has all that there is to race")
			}
			upstreamtest.Run(t, upstreamtest.Subject{
				Open:    func(env upstream.Env) (upstream.Provider, error) { return open(cfg, env) },
				Request: request,
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

// errorKinds are what codes of statuses mean.
var errorKinds = map[int]upstream.Kind{
	1:  upstream.UpstreamError,
	3:  upstream.Rejected,
	4:  upstream.UpstreamError,
	5:  upstream.Rejected,
	7:  upstream.AuthFailed,
	8:  upstream.Throttled,
	13: upstream.UpstreamError,
	14: upstream.UpstreamError,
	16: upstream.AuthFailed,
	99: upstream.UpstreamError,
}

// errorCases are the vendor's errors of one context, and of a socket, which ends all streams that share it.
func errorCases(shared bool) []upstreamtest.ErrorCase {
	cases := []upstreamtest.ErrorCase{
		{Name: "garbled", Kind: upstream.Garbled, Session: shared, Send: func(c *upstreamtest.Conn, id string) {
			c.Send(of(id, reply{"audioChunk": reply{}}))
		}},
	}
	for code, kind := range errorKinds {
		name, ofContext := strconv.Itoa(code), kind
		if code == notFound {
			ofContext = upstream.Dropped // there has been audio of it
		}
		cases = append(cases,
			upstreamtest.ErrorCase{Name: name, Kind: ofContext, Code: name, Send: func(c *upstreamtest.Conn, id string) { c.Send(fault(id, code)) }},
			upstreamtest.ErrorCase{
				Name: name + " of the socket", Kind: kind, Code: name, Session: shared,
				Send: func(c *upstreamtest.Conn, _ string) {
					c.Send(reply{"error": reply{"code": code, "message": "secret vendor text"}})
				},
			},
			upstreamtest.ErrorCase{
				Name: name + " of no context", Kind: kind, Code: name, Session: shared,
				Send: func(c *upstreamtest.Conn, _ string) { c.Send(fault("", code)) },
			})
	}
	return cases
}
