package console

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	served "voicerelay/console"
)

// hostile is what a client or a vendor may have called something.
const hostile = `<img src=x onerror="alert(1)"><b>bold</b>{{7*7}}`

// deceive is an answer of a relay with all its texts replaced, and times and numbers as they are.
func deceive(answer string) string {
	var value any
	if err := json.Unmarshal([]byte(answer), &value); err != nil {
		panic(err) // it is written below
	}
	text, err := json.Marshal(replaceTexts(value))
	if err != nil {
		panic(err)
	}
	return string(text)
}

func replaceTexts(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			v[name] = replaceTexts(v[name])
		}
	case []any:
		for i := range v {
			v[i] = replaceTexts(v[i])
		}
	case string:
		if v == "X" {
			return hostile
		}
	}
	return value
}

const provider = `{"name":"X","adapter":"X","circuit":"open","budget_spent":true,"targets":[{"model":"X","circuit":"open","since":"2026-01-01T00:00:00.000Z","retry_at":"2026-01-01T00:00:15.000Z"}],
	"capabilities":{"word_times":"word","piece_ends":"exact","resume":"word_times"},"active":1,"max_concurrent":2,"waiting":0,"warm":0,
	"first_audio_ms":{"p50":1,"p95":2},"errors":{"X":3},"last_error":"X","last_error_at":"2026-01-01T00:00:00.000Z"}`

const attempt = `{"provider":"X","model":"X","voice":"X","outcome":"failed","code":"X","message":"X","upstream_id":"X","requests":1,"characters":1,"audio_ms":1,
	"cost":{"amount":"0.1","currency":"X","source":"provider"},"started_at":"2026-01-01T00:00:00.000Z","ended_at":"2026-01-01T00:00:00.000Z"}`

// answers are those of a relay in which everything is called X.
var answers = map[string]string{
	"/v1/live": `{"type":"snapshot","at":"2026-01-01T00:00:10.000Z","relay":"X","now":{"active":1,"connections":1,"window_s":300,"generations":1,"failed":1,
		"rerouted":1,"first_audio_ms":{"p50":1,"p95":1,"p99":1},"refusals":{"X":1}},"relays":[{"name":"X","status":"ready","host":"X","version":"X",
		"started_at":"2026-01-01T00:00:00.000Z","degraded_since":"2026-01-01T00:00:00.000Z","unshipped":1,"clock_offset_ms":1,"active":1,"connections":1,"open_circuits":["X"]}],
		"tenants":[{"name":"X","active":1,"refusals":{"X":1}}],"generations":[{"record_id":"X","generation_id":"X","context_id":"X","session_id":"X","relay":"X",
		"tenant":"X","key":"X","dialect":"X","route":"X","provider":"X","model":"X","attempts":1,"characters":1,"sent_ms":1,"began_at":"2026-01-01T00:00:00.000Z"}],
		"providers":[` + provider + `],"today":{"since":"2026-01-01T00:00:00.000Z","complete":true,"count":1,"cost":[{"amount":"1.0","currency":"X"}],"tenants":{},"providers":{}},"points":[]}`,
	"/v1/tenants": `{"tenants":[{"name":"X","keys":["X"],"limits":{"generations_per_minute":1,"max_concurrent_generations":1}}]}`,
	"/v1/keys": `{"keys":[{"name":"X","tenant":"X","secret":"key","admin":true,"expires_at":null,"last_used_at":null,"limits":{"generations_per_minute":1,
		"max_concurrent_generations":1,"http_generations_per_minute":1,"max_concurrent_requests":1,"max_text_characters":1}}]}`,
	"/v1/budgets": `{"budgets":[{"scope":"provider","tenant":null,"key":null,"provider":"X","currency":"X","daily":null,"monthly":null,"alert_at":[]}]}`,
	"/v1/usage":   `{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","complete":true,"groups":[{"tenant":"X","cost":[{"amount":"1.0","currency":"X"}]}]}`,
	"/v1/voices":  `{"voices":[{"name":"X","language":"X","routes":["X"],"providers":["X"]}]}`,
	"/v1/routes":  `{"routes":[{"name":"X","voice":"X","voices":["X"],"targets":[]}]}`,
	"/v1/failures": `{"since":"2026-01-01T00:00:00.000Z","failures":[{"kind":"failed","record_id":"X","generation_id":"X","tenant":"X","key":"X","session_id":"X","context_id":"X","route":"X",
		"began_at":"2026-01-01T00:00:00.000Z","ended_at":"2026-01-01T00:00:00.000Z","outcome":"failed","code":"X","param":"X","message":"X","characters":1,"spoken_characters":1,"audio_ms":1,
		"attempts":[` + attempt + `],"metadata":{"k":"X"}}]}`,
	"/v1/config": `{"loaded_at":"2026-01-01T00:00:00.000Z","warnings":["X"],"needs_restart":["X"],"refused":{"at":"2026-01-01T00:00:00.000Z","faults":["X"]},"configuration":{"hosts":["X"]}}`,
}

// Whatever clients, vendors and operators call things, the page shows it as text, and none of it becomes an element.
func TestHostileNamesAreShownAsText(t *testing.T) {
	console, err := served.Handler(func() served.Page { return served.Page{Access: served.Local} })
	if err != nil {
		t.Fatal(err)
	}
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := answers[r.URL.Path]
		if !known {
			console.ServeHTTP(w, r)
			return
		}
		_, _ = w.Write([]byte(deceive(answer) + "\n")) // the page may have left
		if r.URL.Path == "/v1/live" {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}))
	defer relay.Close()
	defer relay.CloseClientConnections()
	p := openPage(t, relay.URL)
	for _, view := range []string{"now", "vendors", "tenants", "live", "failures", "talk", "configuration"} {
		p.view(view)
		if view == "vendors" || view == "failures" {
			p.run("document.querySelector('button.plain').click()")
		}
		if view != "talk" { // where names are within lists to choose from
			p.untilText(hostile)
		}
		if made := value[int](p, "document.querySelectorAll('main img, main b, main script').length"); made > 0 {
			t.Errorf("%s: %d elements were made of a name", view, made)
		}
	}
	if strings.Contains(value[string](p, "document.title"), "bold") {
		t.Error("the title has a name")
	}
}
