package openai_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"voicerelay/tests/clients/rig"
)

// counted is a relay behind a proxy that counts what clients ask, and on how many connections.
type counted struct {
	*rig.Rig
	posts, connections atomic.Int64
}

func count(t *testing.T, r *rig.Rig) *counted {
	t.Helper()
	target, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{}
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.Out.Header["User-Agent"] = p.In.Header["User-Agent"]
		if p.In.Method == http.MethodPost {
			c.posts.Add(1)
		}
	}}
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			c.connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	behind := *r
	behind.URL = server.URL
	c.Rig = &behind
	return c
}

// keeps plays four turns, which a client must have on the connections that it has. Node's own fetch has a second one, since it asks again
// before it knows that an answer is over.
func keeps(t *testing.T, r *rig.Rig, p program) {
	t.Helper()
	behind := count(t, r)
	told := p.play(t, behind.Rig, "turns", first, second, first, second)
	told.Quiet(t)
	for i, text := range []string{first, second, first, second} {
		told.Whole(t, fmt.Sprintf("t%d", i)).Says(t, rate, text)
	}
	most := int64(1)
	if strings.HasSuffix(p.file, ".mjs") {
		most = 2
	}
	if n := behind.connections.Load(); n > most {
		t.Errorf("%d connections, want %d", n, most)
	}
}
