package deepgram

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"voicerelay/downstream"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/routing"
	"voicerelay/server"
)

// errorOf is the body of an answer that is an error.
type errorOf struct {
	Code      string `json:"err_code"`
	Message   string `json:"err_msg"`
	RequestID string `json:"request_id"`
}

// upgrade asks for a WebSocket and returns how that was answered.
func upgrade(t *testing.T, r *downstreamtest.Relay, target string, header http.Header) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	header.Set("Connection", "Upgrade")
	header.Set("Upgrade", "websocket")
	header.Set("Sec-Websocket-Version", "13")
	header.Set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	answer, err := r.HTTP().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

func token() http.Header { return http.Header{"Authorization": {"Token " + downstreamtest.Key}} }

// wantRefused wants an answer to be an error as clients read it.
func wantRefused(t *testing.T, answer *http.Response, status int, code, about string) {
	t.Helper()
	var e errorOf
	if err := json.NewDecoder(answer.Body).Decode(&e); err != nil {
		t.Errorf("status %d, and a body that is no error: %v", answer.StatusCode, err)
		return
	}
	id, reason := answer.Header.Get("dg-request-id"), answer.Header.Get("dg-error")
	if answer.StatusCode != status || e.Code != code || !strings.Contains(e.Message, about) || reason != e.Message || id == "" || id != e.RequestID {
		t.Errorf("got %d %+v, dg-error %q, dg-request-id %q; want %d %s about %q", answer.StatusCode, e, reason, id, status, code, about)
	}
}

// All that can be known of a connection's settings is refused at the upgrade, by the parameter's name.
func TestUpgradeIsRefused(t *testing.T) {
	for query, want := range map[string]struct {
		status      int
		code, about string
	}{
		"model=nobody":                           {404, "INVALID_QUERY_PARAMETER", `"nobody"`},
		"model=narrator@nowhere":                 {404, "INVALID_QUERY_PARAMETER", "nowhere"},
		"model=" + strings.Repeat("m", 257):      {400, "Bad Request", "model"},
		"model=%ff":                              {400, "Bad Request", "model"},
		"model=narrator&encoding=mp3":            {400, "INVALID_QUERY_PARAMETER", "encoding"},
		"model=narrator&encoding=LINEAR16":       {400, "INVALID_QUERY_PARAMETER", "encoding"},
		"model=narrator&sample_rate=11025":       {400, "INVALID_QUERY_PARAMETER", "11025"},
		"model=narrator&sample_rate=x":           {400, "Bad Request", "sample_rate"},
		"model=narrator&sample_rate=24000.5":     {400, "Bad Request", "sample_rate"},
		"model=narrator&sample_rate=1e300":       {400, "Bad Request", "sample_rate"},
		"model=narrator&sample_rate=NaN":         {400, "Bad Request", "sample_rate"},
		"model=narrator&sample_rate=-1":          {400, "INVALID_QUERY_PARAMETER", "-1"},
		"encoding=mulaw&sample_rate=16000":       {400, "INVALID_QUERY_PARAMETER", "8000"},
		"model=narrator&speed=0.6":               {400, "Bad Request", "speed"},
		"model=narrator&speed=1.6":               {400, "Bad Request", "speed"},
		"model=narrator&speed=fast":              {400, "Bad Request", "speed"},
		"model=narrator&speed=NaN":               {400, "Bad Request", "speed"},
		"model=narrator&speed=%zz":               {400, "Bad Request", "query"},
		"model=" + url.QueryEscape("a\r\nb: c"):  {404, "INVALID_QUERY_PARAMETER", "unknown voice"},
		"model=" + url.QueryEscape("sprecher-ä"): {404, "INVALID_QUERY_PARAMETER", "unknown voice"},
	} {
		t.Run(query, func(t *testing.T) {
			inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
				answer := upgrade(t, r, r.Prefix+pathAura+"?"+query, token())
				if strings.Contains(query, "%C3") { // a header has ASCII alone
					if answer.StatusCode != want.status {
						t.Errorf("got %d", answer.StatusCode)
					}
					return
				}
				wantRefused(t, answer, want.status, want.code, want.about)
			})
		})
	}
}

func TestKeyIsRefusedAtTheUpgrade(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		for _, header := range []http.Header{{}, {"Authorization": {"Token token-that-is-wrong"}}} {
			wantRefused(t, upgrade(t, r, r.Prefix+pathFlux+"?model=narrator", header), 401, "INVALID_AUTH", "")
		}
	})
}

// A request that is no WebSocket's is told so.
func TestGetWithoutAnUpgradeIsRefused(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		wantRefused(t, ask(t, r, http.MethodGet, pathAura+"?model=narrator", ""), 400, "Bad Request", "Upgrade")
	})
}

// What cannot be spoken at all is refused before a connection stands.
func TestUpgradeWithoutAProviderIsRefused(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		r.First.Refuse, r.Second.Refuse = errGone, errGone
		s := open(t, r, pathAura)
		defer func() { _ = s.conn.CloseNow() }()
		for range 10 { // until the circuits are open
			s.speak(another)
			s.order("Flush")
			s.until("Flushed")
		}
		answer := upgrade(t, r, r.Prefix+pathAura+"?model=narrator", token())
		wantRefused(t, answer, 503, "NO_PROVIDER_AVAILABLE", "")
		if answer.Header.Get("Retry-After") == "" {
			t.Error("there is no Retry-After")
		}
	})
}

func TestTooManyConnectionsAreAskedToComeLater(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		s := open(t, r, pathAura)
		defer func() { _ = s.conn.CloseNow() }()
		answer := upgrade(t, r, r.Prefix+pathAura+"?model=narrator", token())
		wantRefused(t, answer, 429, "TOO_MANY_REQUESTS", "")
		if answer.Header.Get("Retry-After") == "" {
			t.Error("there is no Retry-After")
		}
	}, func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Limits.MaxConnectionsPerKey = 1 })
}

// The answer to a handshake has what programs log of it.
func TestUpgradeNamesItsRequest(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		answer := upgrade(t, r, r.Prefix+pathAura+"?model=narrator&unknown=1&callback=x&mip_opt_out=true&container=none", token())
		if answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("dg-request-id") == "" || answer.Header.Get("Date") == "" {
			t.Errorf("got %d %v", answer.StatusCode, answer.Header)
		}
		if answer.Header.Get("Sec-Websocket-Extensions") != "" {
			t.Error("messages are compressed")
		}
	})
}

// Browsers can't set a header: their key is a subprotocol.
func TestKeyMayBeASubprotocol(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		for _, scheme := range []string{"token", "bearer"} {
			conn, err := r.WebSocket(r.Prefix+pathAura+"?model=narrator", http.Header{}, scheme, downstreamtest.Key)
			if err != nil {
				t.Fatal(err)
			}
			if got := conn.Subprotocol(); got != scheme {
				t.Errorf("the answer chose %q, want %q", got, scheme)
			}
			_ = conn.CloseNow()
		}
		if _, err := r.WebSocket(r.Prefix+pathAura, http.Header{}, "token", "token-that-is-wrong"); err == nil {
			t.Error("a wrong key is taken")
		}
	})
}

// Keys come in other ways too, and the endpoints are at the root as well.
func TestEndpointsAreAtTheRootToo(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		for _, path := range []string{pathAura, pathFlux} {
			conn, err := r.WebSocket(path+"?model=narrator", http.Header{"Authorization": {"Bearer " + downstreamtest.Key}})
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close(websocket.StatusNormalClosure, "")
		}
	})
}

// ofDeepgram has the first vendor be an account at Deepgram, with a second voice and a second route.
func ofDeepgram(cfg *server.Config, parts *server.Parts) {
	parts.Providers[0].Adapter = "deepgram"
	table, err := routing.New(routing.Config{
		Providers: []string{"first", "second"},
		Routes: []routing.Route{
			{Name: "default", Pace: routing.DefaultPace(), Targets: []routing.Target{{Provider: "first"}, {Provider: "second"}}},
			{Name: "other", Pace: routing.DefaultPace(), Targets: []routing.Target{{Provider: "second"}}},
		},
		Voices: []routing.Voice{
			{Name: "narrator", IDs: map[string]string{"first": "aura-2-zeus-en", "second": "n2"}},
			{Name: "actor", IDs: map[string]string{"first": "aura-2-hera-en", "second": "aura-2-zeus-en"}},
		},
	})
	if err != nil {
		panic(err)
	}
	parts.Table = table
	cfg.Keys[0].Allow.Raw = true
	cfg.Dialects = map[string]downstream.Settings{"deepgram": {
		Enabled: true, Root: true, Voices: map[string]string{"aura-2-mapped-en": "actor"}, Models: map[string]string{"house-style": "other"},
	}}
}

// A model is a voice's alias, the vendor's own id for one, a configured name, or one of the vendor's that stands for the
// route's voice.
func TestModelsAreVoices(t *testing.T) {
	for model, want := range map[string]speaker{
		"":                  {},
		"narrator":          {voice: "narrator"},
		"aura-2-hera-en":    {voice: "actor"},
		"aura-2-zeus-en":    {voice: "narrator"}, // actor has this id at another vendor
		"aura-2-mapped-en":  {voice: "actor"},
		"aura-2-nobody-en":  {},
		"flux-alexis-en":    {},
		"first/aura-2-x-en": {voice: "first/aura-2-x-en"},
		"narrator@other":    {voice: "narrator", route: "other"},
		"house-style":       {route: "other"},
	} {
		t.Run(model, func(t *testing.T) {
			inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
				srv := &host{downstream.Host{Server: r.Server}}
				held, refused := srv.Hold(keyOf(t, r))
				if refused != nil {
					t.Fatal(refused)
				}
				defer held.Release()
				if got, refused := srv.speaker(held.Terms, model); got != want || refused != nil {
					t.Errorf("got %+v, %v; want %+v", got, refused, want)
				}
				answer := upgrade(t, r, r.Prefix+pathAura+"?model="+url.QueryEscape(model), token())
				if answer.StatusCode != http.StatusSwitchingProtocols {
					t.Errorf("the upgrade is refused with %d, %s", answer.StatusCode, answer.Header.Get("dg-error"))
				}
			}, ofDeepgram)
		})
	}
}

// Voices that a key may not use are refused.
func TestVoiceThatTheKeyMayNotUseIsRefused(t *testing.T) {
	inRelay(t, func(t *testing.T, r *downstreamtest.Relay) {
		for model, status := range map[string]int{"narrator": 101, "actor": 403, "first/x": 403} {
			if answer := upgrade(t, r, r.Prefix+pathAura+"?model="+model, token()); answer.StatusCode != status {
				t.Errorf("%s: got %d %s, want %d", model, answer.StatusCode, answer.Header.Get("dg-error"), status)
			}
		}
	}, ofDeepgram, func(cfg *server.Config, _ *server.Parts) {
		cfg.Keys[0].Allow = routing.Allow{Voices: []string{"narrator"}}
	})
}

// Formats are those of the query, and their defaults the vendor's.
func TestFormatsOfTheSocket(t *testing.T) {
	for query, want := range map[string]string{
		"":                                      "pcm_s16le@24000",
		"encoding=linear16&sample_rate=8000":    "pcm_s16le@8000",
		"sample_rate=16000.0":                   "pcm_s16le@16000",
		"sample_rate=32000":                     "pcm_s16le@32000",
		"sample_rate=44100":                     "pcm_s16le@44100",
		"sample_rate=48000&container=none":      "pcm_s16le@48000",
		"encoding=mulaw":                        "mulaw@8000",
		"encoding=alaw&sample_rate=8000":        "alaw@8000",
		"encoding=linear16&bit_rate=48000&x=%2": "malformed",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			if want != "malformed" {
				t.Error(err)
			}
			continue
		}
		if got, refused := rawFormat(values); refused != nil || got.String() != want {
			t.Errorf("%s: got %v, %v; want %s", query, got, refused, want)
		}
	}
}

// keyOf is the relay's one key.
func keyOf(t *testing.T, r *downstreamtest.Relay) *server.Key {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.RemoteAddr = "127.0.0.1:9"
	key, refused := r.Server.Authenticate(request, downstreamtest.Key)
	if refused != nil {
		t.Fatal(refused)
	}
	return key
}

// A record says of which dialect a generation is, and has the tags by which its client finds it.
func TestRecordsNameTheDialectAndTags(t *testing.T) {
	a := asked{session: "s1", tags: []string{"one", "", strings.Repeat("x", 300), "\xff", "two", "a\nb"}}
	if got, want := fmt.Sprint(a.metadata(aura)), "map[client_session:s1 dialect:deepgram endpoint:/v1/speak tag1:one tag5:two]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := (asked{tags: make([]string, 100)}).metadata(flux); len(got) != 2 {
		t.Errorf("got %v", got)
	}
	many := asked{tags: strings.Split(strings.Repeat("t ", 100), " ")}
	if got := many.metadata(flux); len(got) != 2+maxTags {
		t.Errorf("got %v", got)
	}
}
