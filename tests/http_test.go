package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// An answer is what came of an HTTP request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// get asks for a path. A header named Host stands for the request's own.
func (r *relay) get(t *testing.T, path string, header http.Header) answer {
	t.Helper()
	a, err := r.tryGet(path, header)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (r *relay) tryGet(path string, header http.Header) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+path, nil)
	if err != nil {
		return answer{}, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Host = header.Get("Host")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return answer{}, err
	}
	a := answer{res.StatusCode, res.Header, body}
	return a, promisedAnswer(req, a)
}

// problem is the error object of an answer; its shape and its place in the table of codes are checked.
func (a answer) problem(t *testing.T) problem {
	t.Helper()
	var body struct {
		Error problem `json:"error"`
	}
	if err := (object{"error": errorShape.with("type", constant("error")).check}).check(a.body); err != nil {
		t.Fatalf("error body: %v in %s", err, a.body)
	}
	if err := json.Unmarshal(a.body, &body); err != nil {
		t.Fatalf("error body %s: %v", a.body, err)
	}
	if err := body.Error.check(false); err != nil {
		t.Errorf("error body: %v", err)
	}
	if body.Error.Status != a.status {
		t.Errorf("HTTP status %d with an error of status %d", a.status, body.Error.Status)
	}
	return body.Error
}

// refusesUpgrade checks that a connection is refused before the upgrade.
func (r *relay) refusesUpgrade(t *testing.T, d dialing, status int, code string) {
	t.Helper()
	conn, res, err := d.connect(r)
	if err == nil {
		_ = conn.CloseNow() // the test fails anyway
		t.Fatalf("connected, want a refusal with %d", status)
	}
	if res == nil {
		t.Fatalf("no answer, want a refusal with %d: %v", status, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, body}
	if err := promisedAnswer(&http.Request{Method: http.MethodGet, URL: res.Request.URL}, a); err != nil {
		t.Error(err)
	}
	p := a.problem(t)
	if a.status != status || p.Code != code {
		t.Errorf("refused with %d %s, want %d %s", a.status, p.Code, status, code)
	}
}

func TestHealthAndReadinessSayNoMore(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Keys = []map[string]any{{"name": "bot", "tenant": "acme", "key": "k-bot-0123456789"}}
	r := serve(t, cfg)
	for _, path := range []string{"/healthz", "/readyz"} {
		a := r.get(t, path, nil)
		if a.status != http.StatusOK || len(a.body) > 100 {
			t.Errorf("%s answers %d %q without a key, want 200 and little more", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/v1/voices", "/v1/routes", "/v1/providers", "/metrics"} {
		a := r.get(t, path, nil)
		if p := a.problem(t); p.Code != "auth_failed" {
			t.Errorf("%s answers %s without a key, want auth_failed", path, p.Code)
		}
	}
}

func TestVoicesRoutesAndProviders(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	var body struct {
		Voices    []json.RawMessage
		Routes    []json.RawMessage
		Providers []map[string]json.RawMessage
	}
	for path, field := range map[string]string{"/v1/voices": "voices", "/v1/routes": "routes", "/v1/providers": "providers"} {
		a := r.get(t, path, nil)
		if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
			t.Fatalf("%s answers %d %s", path, a.status, a.header.Get("Content-Type"))
		}
		if err := json.Unmarshal(a.body, &body); err != nil {
			t.Fatalf("%s: %v in %s", path, err, a.body)
		}
		if fields, err := fieldsOf(a.body); err != nil || len(fields) != 1 || fields[field] == nil {
			t.Errorf("%s answers %s (%v), want %q alone", path, a.body, err, field)
		}
	}
	if len(body.Voices) != 1 || !bytes.Contains(body.Voices[0], []byte("narrator")) {
		t.Errorf("voices %s", body.Voices)
	}
	if len(body.Routes) != 2 {
		t.Errorf("routes %s, want default and kugelaudio", body.Routes)
	}
	if len(body.Providers) != 1 {
		t.Fatalf("providers %s", body.Providers)
	}
	for _, field := range []string{"name", "adapter", "circuit", "targets", "capabilities", "active", "waiting", "warm", "first_audio_ms", "last_error"} {
		if _, there := body.Providers[0][field]; !there {
			t.Errorf("a provider has no %q: %s", field, r.get(t, "/v1/providers", nil).body)
		}
	}
}

func TestKeysSeeWhatTheyMayUse(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Voices["hidden"] = alias{IDs: map[string]string{"kugelaudio": "1072"}}
	cfg.Keys = []map[string]any{
		{"name": "bot", "tenant": "acme", "key": "k-bot-0123456789"},
		{"name": "ops", "tenant": "staff", "key": "k-ops-0123456789", "admin": true},
	}
	cfg.Tenants = map[string]any{"acme": map[string]any{"allow": map[string]any{
		"routes": []string{"default"}, "voices": []string{"narrator"},
	}}}
	r := serve(t, cfg)
	bot := http.Header{"Authorization": {"Bearer k-bot-0123456789"}}
	ops := http.Header{"Authorization": {"Bearer k-ops-0123456789"}}
	if body := r.get(t, "/v1/voices", bot).body; bytes.Contains(body, []byte("hidden")) || !bytes.Contains(body, []byte("narrator")) {
		t.Errorf("the key that may use narrator sees %s", body)
	}
	if body := r.get(t, "/v1/routes", bot).body; bytes.Contains(body, []byte(`"kugelaudio"`)) && !bytes.Contains(body, []byte("default")) {
		t.Errorf("the key that may use default sees %s", body)
	}
	if body := r.get(t, "/v1/voices", ops).body; !bytes.Contains(body, []byte("hidden")) {
		t.Errorf("the key that may use all sees %s", body)
	}
	for _, path := range []string{"/v1/providers", "/metrics"} {
		if p := r.get(t, path, bot).problem(t); p.Code != "not_allowed" {
			t.Errorf("%s answers %s to a plain key", path, p.Code)
		}
		if a := r.get(t, path, ops); a.status != http.StatusOK {
			t.Errorf("%s answers %d to an admin key", path, a.status)
		}
	}
	c := r.dialWith(t, dialing{header: bot})
	for i, tt := range []struct{ field, value string }{
		{"voice", "hidden"}, {"route", "kugelaudio"}, {"voice", "kugelaudio/1071"}, {"route", "kugelaudio/kugel-3"},
	} {
		mark := c.mark()
		c.send(j{"type": "generate", "generation_id": strconv.Itoa(i), "text": "hi", tt.field: tt.value})
		if m := c.refusal(mark, "not_allowed"); m.Param != tt.field {
			t.Errorf("%s %s: param %q", tt.field, tt.value, m.Param)
		}
	}
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for _, path := range []string{"/", "/nowhere", "/v1/nowhere", "/v1/speech/more", "/debug/pprof/"} {
		if a := r.get(t, path, nil); a.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, a.status)
		}
	}
}

func TestAdminListenHasMetricsAndProvidersApart(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.AdminListen = address
	cfg.Keys = []map[string]any{{"name": "bot", "tenant": "acme", "key": "k-bot-0123456789"}}
	serve(t, cfg)
	admin := relay{t: t, url: "http://" + address}
	for _, path := range []string{"/metrics", "/v1/providers", "/healthz"} {
		if a := admin.get(t, path, nil); a.status != http.StatusOK {
			t.Errorf("%s answers %d", path, a.status)
		}
	}
	res, err := http.Get(admin.url + "/v1/speech")
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("/v1/speech answers %d on the admin address, %v", res.StatusCode, err)
	}
}
