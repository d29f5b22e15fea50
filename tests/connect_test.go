package tests

import (
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Keys = []map[string]any{
		{"name": "bot", "tenant": "acme", "key": "k-bot-0123456789"},
		// SHA-256 of k-sum-0123456789.
		{"name": "sum", "tenant": "acme", "key_sha256": sha256Hex("k-sum-0123456789")},
	}
	r := serve(t, cfg)
	r.Log.Forbid("k-sum-0123456789", "k-bad-0123456789")
	for name, tt := range map[string]struct {
		d      dialing
		status int // 0: accepted
	}{
		"header":              {dialing{header: bearer("k-bot-0123456789")}, 0},
		"query":               {dialing{query: "api_key=k-bot-0123456789"}, 0},
		"sum in header":       {dialing{header: bearer("k-sum-0123456789")}, 0},
		"sum in query":        {dialing{query: "api_key=k-sum-0123456789&audio=binary"}, 0},
		"none":                {dialing{}, http.StatusUnauthorized},
		"wrong in header":     {dialing{header: bearer("k-bad-0123456789")}, http.StatusUnauthorized},
		"wrong in query":      {dialing{query: "api_key=k-bad-0123456789"}, http.StatusUnauthorized},
		"empty in header":     {dialing{header: bearer("")}, http.StatusUnauthorized},
		"empty in query":      {dialing{query: "api_key="}, http.StatusUnauthorized},
		"prefix of a key":     {dialing{header: bearer("k-bot-012345678")}, http.StatusUnauthorized},
		"the sum itself":      {dialing{header: bearer(sha256Hex("k-sum-0123456789"))}, http.StatusUnauthorized},
		"another scheme":      {dialing{header: http.Header{"Authorization": {"Basic k-bot-0123456789"}}}, http.StatusUnauthorized},
		"forwarded and a key": {dialing{header: with(bearer("k-bot-0123456789"), "X-Forwarded-For", "10.0.0.1")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.status != 0 {
				r.refusesUpgrade(t, tt.d, tt.status, "auth_failed")
				return
			}
			c := r.dialWith(t, tt.d)
			c.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
			c.completed("g")
		})
	}
}

func TestWhoMayConnectWithoutKeys(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Hosts = []string{"relay.internal"}
	cfg.Origins = []string{"https://app.example.com"}
	r := serve(t, cfg)
	for name, tt := range map[string]struct {
		d      dialing
		status int
		code   string
	}{
		"plain":               {dialing{}, 0, ""},
		"localhost":           {dialing{host: "localhost"}, 0, ""},
		"localhost and port":  {dialing{host: "localhost:8080"}, 0, ""},
		"127.0.0.2":           {dialing{host: "127.0.0.2:1"}, 0, ""},
		"IPv6":                {dialing{host: "[::1]:8080"}, 0, ""},
		"listed host":         {dialing{host: "relay.internal"}, 0, ""},
		"listed host, port":   {dialing{host: "relay.internal:8080"}, 0, ""},
		"configured origin":   {dialing{header: http.Header{"Origin": {"https://app.example.com"}}}, 0, ""},
		"other host":          {dialing{host: "evil.example"}, http.StatusForbidden, "origin_not_allowed"},
		"rebound host":        {dialing{host: "127.0.0.1.evil.example"}, http.StatusForbidden, "origin_not_allowed"},
		"other origin":        {dialing{header: http.Header{"Origin": {"https://evil.example"}}}, http.StatusForbidden, "origin_not_allowed"},
		"origin, other port":  {dialing{header: http.Header{"Origin": {"https://app.example.com:8443"}}}, http.StatusForbidden, "origin_not_allowed"},
		"origin, plain":       {dialing{header: http.Header{"Origin": {"http://app.example.com"}}}, http.StatusForbidden, "origin_not_allowed"},
		"null origin":         {dialing{header: http.Header{"Origin": {"null"}}}, http.StatusForbidden, "origin_not_allowed"},
		"X-Forwarded-For":     {dialing{header: http.Header{"X-Forwarded-For": {"10.0.0.1"}}}, http.StatusForbidden, "origin_not_allowed"},
		"X-Forwarded-Proto":   {dialing{header: http.Header{"X-Forwarded-Proto": {"https"}}}, http.StatusForbidden, "origin_not_allowed"},
		"Forwarded":           {dialing{header: http.Header{"Forwarded": {"for=10.0.0.1"}}}, http.StatusForbidden, "origin_not_allowed"},
		"unknown parameter":   {dialing{query: "audio=json&color=red"}, http.StatusBadRequest, "invalid_request"},
		"unknown audio":       {dialing{query: "audio=mp3"}, http.StatusBadRequest, "invalid_request"},
		"empty audio":         {dialing{query: "audio="}, http.StatusBadRequest, "invalid_request"},
		"audio twice":         {dialing{query: "audio=json&audio=binary"}, http.StatusBadRequest, "invalid_request"},
		"malformed query":     {dialing{query: "audio=%zz"}, http.StatusBadRequest, "invalid_request"},
		"only another proto":  {dialing{protos: []string{"graphql-ws"}}, http.StatusBadRequest, "invalid_request"},
		"only another proto2": {dialing{protos: []string{"voice-relay.v2", "chat"}}, http.StatusBadRequest, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.status == 0 {
				r.dialWith(t, tt.d).barrier()
				return
			}
			r.refusesUpgrade(t, tt.d, tt.status, tt.code)
		})
	}
	// The same checks stand before everything else.
	for _, path := range []string{"/v1/voices", "/v1/routes", "/v1/providers", "/metrics"} {
		if a := r.get(t, path, http.Header{"Origin": {"https://evil.example"}}); a.status != http.StatusForbidden {
			t.Errorf("%s answers %d to a strange origin", path, a.status)
		}
		if a := r.get(t, path, http.Header{"Host": {"evil.example"}}); a.status != http.StatusForbidden {
			t.Errorf("%s answers %d to a strange host", path, a.status)
		}
	}
	if a := r.get(t, "/v1/speech", nil); a.status < 400 {
		t.Errorf("a plain GET of /v1/speech answers %d", a.status)
	}
}

func TestSubprotocol(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for name, tt := range map[string]struct {
		offered []string
		want    string
	}{
		"none offered": {nil, ""},
		"ours":         {[]string{"voice-relay.v1"}, "voice-relay.v1"},
		"ours second":  {[]string{"graphql-ws", "voice-relay.v1"}, "voice-relay.v1"},
	} {
		c := r.dialWith(t, dialing{protos: tt.offered})
		if got := c.conn.Subprotocol(); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{})).limit(map[string]any{"max_connections": 2})
	r := serve(t, cfg)
	first := r.dial(t)
	r.dial(t)
	r.refusesUpgrade(t, dialing{}, http.StatusTooManyRequests, "too_many_connections")
	if err := first.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Logf("close: %v", err) // the reader may have taken the relay's answer
	}
	first.drop()
	r.awaitMetric(t, "relay_connections", func(n float64) bool { return n == 1 })
	r.dial(t).barrier()
}
