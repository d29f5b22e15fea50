package server

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"voicerelay/downstream"
)

func TestRemoteAddress(t *testing.T) {
	set := &setup{proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for name, tt := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"no proxy between":               {"192.0.2.1:1", nil, "192.0.2.1"},
		"IPv4 in IPv6":                   {"[::ffff:192.0.2.1]:1", nil, "192.0.2.1"},
		"a zone":                         {"[fe80::1%eth0]:1", nil, "fe80::1"},
		"told by a stranger":             {"192.0.2.1:1", []string{"198.51.100.7"}, "192.0.2.1"},
		"told by a proxy":                {"10.1.1.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		"told by a client, then a proxy": {"10.1.1.1:1", []string{"127.0.0.1, 198.51.100.7"}, "198.51.100.7"},
		"two proxies":                    {"10.1.1.1:1", []string{"203.0.113.5, 198.51.100.7,10.2.2.2"}, "198.51.100.7"},
		"two headers":                    {"[fd00::1]:1", []string{"203.0.113.5", "198.51.100.7, 10.2.2.2"}, "198.51.100.7"},
		"proxies alone":                  {"10.1.1.1:1", []string{"10.3.3.3, 10.2.2.2"}, "10.3.3.3"},
		"nothing told":                   {"10.1.1.1:1", nil, "10.1.1.1"},
		"nonsense":                       {"10.1.1.1:1", []string{"198.51.100.7, <script>"}, "10.1.1.1"},
		"nonsense before":                {"10.1.1.1:1", []string{"unknown, 10.2.2.2"}, "10.2.2.2"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.peer
		r.Header["X-Forwarded-For"] = tt.forwarded
		if got := set.remoteOf(r); got.String() != tt.want {
			t.Errorf("%s: got %v, want %s", name, got, tt.want)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "@" // of a Unix socket
	if got := set.remoteOf(r); got.IsValid() || downstream.NetworkOf(got).IsValid() {
		t.Errorf("no address: got %v", got)
	}
}
