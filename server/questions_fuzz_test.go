package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"voicerelay/billing"
	"voicerelay/downstream"
)

// A question that is not refused has an answer that can be written.
func FuzzReportQuestion(f *testing.F) {
	for _, seed := range []string{
		"", "from=2026-03-01&to=2026-03-03&group_by=provider,day", "to=9999-12-31T23:59:59-14:00", "from=0001-01-01T00:00:00%2B14:00",
		"group_by=,", "group_by=tenant,key,day,route,outcome&format=csv", "limit=1000&record_id=a", "generation_id=%00", "format=json&format=csv",
		"cursor=" + pageCursor{from: on(1), to: on(2), inner: "a.b"}.String(), "cursor=" + pageCursor{inner: "x"}.String(), "%zz", "a;b", "limit=%2B1",
		"api_key=x&limit=0",
	} {
		f.Add(seed)
	}
	now := on(5)
	f.Fuzz(func(t *testing.T, query string) {
		if asked, refused := parseSumsQuestion(query, now); refused == nil {
			if err := asked.Validate(); err != nil || !billing.Writable(asked.From) || !billing.Writable(asked.To) || asked.MaxGroups == 0 {
				t.Errorf("%q asks for %+v: %v", query, asked.SumsQuery, err)
			}
			w := httptest.NewRecorder()
			writeReport(w, asked.SumsQuery, billing.Report{From: asked.From, To: asked.To, Groups: make([]billing.Group, 2)})
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%q is answered %q", query, w.Body)
			}
		} else if refused.Message == "" {
			t.Errorf("%q is refused without a word", query)
		}
		asked, refused := parseRecordsQuestion(query, now)
		if refused != nil {
			return
		}
		if asked.Limit < 1 || asked.Limit > largestPage || !asked.To.IsZero() && !asked.From.Before(asked.To) {
			t.Errorf("%q asks for %+v", query, asked.RecordsQuery)
		}
		again, err := parsePageCursor(*asked.next("x"))
		if err != nil || again.from.UnixMilli() != asked.From.UnixMilli() && !asked.From.IsZero() {
			t.Errorf("%q goes on as %+v, %v", query, again, err)
		}
	})
}

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
