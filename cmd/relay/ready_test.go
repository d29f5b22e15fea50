package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// answering is a server that answers each request for /readyz alike.
func answering(t *testing.T, secured bool, status int, body string) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || r.Method != http.MethodGet {
			status = http.StatusTeapot
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the command may have left
	}))
	if secured {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server
}

// asked runs `relay ready`.
func asked(t *testing.T, args ...string) (code int, out, errout string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), append([]string{"ready"}, args...), stdio{out: &o, err: &e})
	return code, o.String(), e.String()
}

func TestReadySaysWhatTheRelaySays(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		code   int
		want   string
	}{
		{200, `{"status":"ready"}`, exitOK, "ready\n"},
		{200, `{"status":"ready","degraded":true}`, exitOK, "ready, degraded\n"},
		{503, `{"status":"draining"}`, exitFault, `not ready: "draining"`},
		{503, "{\"status\":\"\\u001b[2J\"}", exitFault, `not ready: "\x1b[2J"`},
		{503, `busy`, exitFault, "status 503"},
		{200, `hello`, exitFault, "no relay's answer"},
		{302, ``, exitFault, "status 302"},
	} {
		code, out, errout := asked(t, "-url", answering(t, false, c.status, c.body).URL)
		if code != c.code || !strings.Contains(out+errout, c.want) {
			t.Errorf("%d %s: exit %d, %q, %q", c.status, c.body, code, out, errout)
		}
	}
}

// What a relay listens on is asked as its configuration says, whatever else of that is not here.
func TestReadyAsksWhereTheRelayListens(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		secured bool
		listen  string // has %s for the port
	}{
		"everywhere": {false, "0.0.0.0:%s"}, "no host": {false, ":%s"}, "the address": {false, "127.0.0.1:%s"}, "TLS": {true, "0.0.0.0:%s"},
	} {
		server := answering(t, c.secured, 200, `{"status":"ready"}`)
		port := server.URL[strings.LastIndex(server.URL, ":")+1:]
		file := fmt.Sprintf("listen: %q\nkeys: [{name: a, tenant: b, key: \"${file:/none}\"}]\n", fmt.Sprintf(c.listen, port))
		if c.secured {
			file += "tls: {cert: /none.crt, key: /none.key}\n"
		}
		path := filepath.Join(dir, "config.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out, errout := asked(t, "-config", path); code != exitOK || out != "ready\n" {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, errout)
		}
		if !c.secured {
			continue
		}
		if code, _, errout := asked(t, "-url", server.URL); code != exitFault || !strings.Contains(errout, "certificate") {
			t.Errorf("a certificate that nobody vouches for, at an address that was given: exit %d, %q", code, errout)
		}
	}
}

func TestReadyFails(t *testing.T) {
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer hang.Close()
	begun := time.Now()
	if code, _, errout := asked(t, "-url", hang.URL, "-timeout", "50ms"); code != exitFault || !strings.Contains(errout, "deadline") {
		t.Errorf("no answer: exit %d, %q", code, errout)
	}
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("gave up after %v", took)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("listen: 127.0.0.1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-config", path},                  // any port
		{"-config", path + ".none"},        // no file
		{"-url", "http://127.0.0.1:1"},     // nobody listens
		{"-url", "http://%zz/"},            // no address
		{"-url", "http://[::1]:80", "now"}, // too many arguments
	} {
		if code, out, _ := asked(t, args...); code == exitOK || out != "" {
			t.Errorf("%q: exit %d, %q", args, code, out)
		}
	}
}
