package server

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"voicerelay/downstream"
)

// Without keys, a Host is this machine's or a configured one; a key is only ever what the request says.
func FuzzWhoAsks(f *testing.F) {
	for _, seed := range [][3]string{
		{"localhost:8080", "Bearer sk-1", ""},
		{"[::1]:80", "bearer  sk-1 ", "api_key=x"},
		{"127.0.0.1.example", "Basic a", "api_key=sk-1&api_key=b"},
		{"[::ffff:127.0.0.1]", "", "api_key=%zz"},
		{"relay.internal:1", "Bearer", "a;b"},
		{"[[::1]]", "Bearer a b", "api_key=a+b"},
		{"LOCALHOST", "", ""},
		{"localhost:", "", ""},
		{"0.0.0.0", "", ""},
		{"", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	set := &setup{hosts: []string{"relay.internal"}}
	f.Fuzz(func(t *testing.T, host, authorization, query string) {
		if set.localHost(host) {
			name := strings.ToLower(strings.Trim(host, "[]"))
			if i := strings.LastIndex(name, ":"); i >= 0 && !strings.HasSuffix(strings.Trim(host, "[]"), "::1") {
				if _, err := netip.ParseAddr(name); err != nil {
					name = strings.Trim(name[:i], "[]")
				}
			}
			addr, err := netip.ParseAddr(name)
			if name != "localhost" && name != "relay.internal" && (err != nil || !addr.Unmap().IsLoopback()) {
				t.Errorf("Host %q passes for this machine's, as %q", host, name)
			}
		}
		r := &http.Request{Header: http.Header{"Authorization": {authorization}}, URL: &url.URL{RawQuery: query}}
		key := downstream.BearerKey(r)
		values, _ := url.ParseQuery(query)
		if key != "" && !strings.Contains(authorization, key) && key != values.Get("api_key") {
			t.Errorf("%q with %q shows the key %q", authorization, query, key)
		}
	})
}
