package tests

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// behindNginx is an nginx that passes everything on to a relay, with what else its configuration says of the location.
func behindNginx(t *testing.T, r *relay, more string) *relay {
	t.Helper()
	program, dir, front := installed(t, "nginx"), t.TempDir(), process.FreeAddress(t)
	text := fmt.Sprintf(`events {}
http {
	access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
	server { listen %s; location / { proxy_pass %s; %s } }
}
`, front, r.url, more)
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	global := "daemon off; pid " + dir + "/nginx.pid; error_log stderr error;"
	startBalancer(t, front, exec.Command(program, "-e", "stderr", "-p", dir, "-c", config, "-g", global))
	return &relay{t: t, url: "http://" + front}
}

// A client of a proxy on the relay's own machine may be anybody, so a relay without keys speaks for none of them: also
// where nginx is told no more than proxy_pass.
func TestARelayWithoutKeysRefusesAProxy(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	for name, more := range map[string]string{
		"as it comes":  "",
		"with 1.1":     "proxy_http_version 1.1; proxy_set_header X-Real-IP $remote_addr;",
		"with headers": "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Host localhost;",
	} {
		front := behindNginx(t, r, more)
		if a := front.get(t, "/v1/voices", nil); a.status != http.StatusForbidden || a.problem(t).Code != "origin_not_allowed" {
			t.Errorf("%s: answered %d %s, want 403", name, a.status, a.body)
		}
	}
	if a := r.get(t, "/v1/voices", nil); a.status != http.StatusOK {
		t.Errorf("without a proxy: %d", a.status)
	}
}

// A trusted proxy says who was refused, and clients can't.
func TestRefusalsBehindAProxyNameTheClient(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.Keys = []map[string]any{{"name": "bot", "tenant": "acme", "key": "k-bot-0123456789"}}
	cfg.Proxies = []string{"127.0.0.1/32"}
	r := serve(t, cfg)
	front := behindNginx(t, r, "proxy_set_header X-Forwarded-For 192.0.2.7;") // as if it had been asked from there
	front.get(t, "/v1/voices", bearer("k-wrong-0123456789"))
	r.logs(`"remote":"192.0.2.7"`, 1)
	if strings.Contains(r.Log.String(), "k-wrong-0123456789") {
		t.Error("the log has the key that was tried")
	}
	// A key that is right is served however many from its address were wrong.
	right := bearer("k-bot-0123456789")
	refused := 0
	for range 60 {
		a := front.get(t, "/v1/voices", bearer("k-wrong-0123456789"))
		if a.status == http.StatusTooManyRequests {
			if refused++; a.header.Get("Retry-After") == "" || a.problem(t).Code != "rate_limit_exceeded" {
				t.Fatalf("refused with %v %s", a.header, a.body)
			}
		}
		if refused == 3 {
			break
		}
	}
	if a := front.get(t, "/v1/voices", right); refused != 3 || a.status != http.StatusOK {
		t.Errorf("%d wrong keys were slowed, and a right one was answered %d; want 3 and 200", refused, a.status)
	}
}

// A key is replaced, and who speaks by the new secret notices nothing.
func TestAKeyIsRotated(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	entry := map[string]any{"name": "bot", "tenant": "acme", "key": "k-old-0123456789", "next_key_sha256": sha256Hex("k-new-0123456789")}
	cfg.Keys = []map[string]any{entry, {"name": "ops", "tenant": "staff", "key": "k-ops-0123456789", "admin": true}}
	r := serve(t, cfg)
	old, next := r.dialWith(t, dialing{header: bearer("k-old-0123456789")}), r.dialWith(t, dialing{header: bearer("k-new-0123456789")})
	metrics := string(r.get(t, "/metrics", bearer("k-ops-0123456789")).body)
	for _, secret := range []string{"key", "next_key"} {
		series := `relay_key_last_used_timestamp_seconds{key="bot",secret="` + secret + `",tenant="acme"} `
		_, rest, found := strings.Cut(metrics, series)
		if !found || strings.HasPrefix(rest, "0\n") {
			t.Errorf("%s was not used, by the metrics", secret)
		}
	}
	cfg.Keys[0] = map[string]any{"name": "bot", "tenant": "acme", "key": "k-new-0123456789"}
	r.reload(cfg)
	old.closed(1008)
	next.send(j{"type": "generate", "generation_id": "g", "text": "lazy dog."})
	next.completed("g")
}
