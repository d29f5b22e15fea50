package main

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

const loadedFile = `
listen: 127.0.0.1:0
keys:
  - {name: ops, tenant: acme, key: secret-admin-0123456789, admin: true}
  - {name: bot, tenant: acme, key: secret-bot-0123456789, next_key: "${LOADED_NEXT}"}
providers:
  tone: {adapter: tone}
  vendor: {adapter: VENDOR, url: wss://127.0.0.1:1, api_key: secret-vendor-key, warm: 0}
routes: {default: {targets: [{provider: tone}]}}
voices: {narrator: {ids: {tone: low}}}
shutdown_grace: 1s
ledger: {path: LEDGER}
`

// shownTo is what /v1/config shows to a key.
func (r *reloadable) shownTo(key string) (status int, body string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.url+"/v1/config", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// An admin sees what is in force, with the warnings of its load and why a later one was refused; nobody sees a secret.
func TestConfigurationIsShown(t *testing.T) {
	t.Setenv("LOADED_NEXT", "secret-next-0123456789")
	for _, driver := range drivers() {
		adapter := driver.Name()
		if adapter == "tone" || adapter == "command" {
			continue // without a key
		}
		t.Run(adapter, func(t *testing.T) {
			file := strings.NewReplacer("VENDOR", adapter, "wss://127.0.0.1:1", addressOf(t, driver)).Replace(loadedFile)
			r := serveFile(t, file)
			status, body := r.shownTo("secret-admin-0123456789")
			if found := regexp.MustCompile("secret-[a-z]+").FindString(body); found != "" || status != http.StatusOK {
				t.Errorf("%d, tells %q: %s", status, found, body)
			}
			var shown struct {
				LoadedAt      time.Time `json:"loaded_at"`
				Warnings      []string
				Configuration map[string]any
			}
			if err := json.Unmarshal([]byte(body), &shown); err != nil || time.Since(shown.LoadedAt) > time.Minute || shown.Configuration["shutdown_grace"] != "1s" {
				t.Errorf("%v: %s", err, body)
			}
		})
	}
}

func TestConfigurationShowsTheLatestLoads(t *testing.T) {
	t.Setenv("LOADED_NEXT", "secret-next-0123456789")
	file := strings.Replace(loadedFile, "VENDOR", "vogent", 1)
	r := serveFile(t, file)
	if status, body := r.shownTo("secret-bot-0123456789"); status != http.StatusForbidden {
		t.Errorf("to no admin: %d %s", status, body)
	}
	r.again(file + "drain_delay: soon\n")
	if _, body := r.shownTo("secret-admin-0123456789"); !strings.Contains(body, `"refused":{"at":"`) || !strings.Contains(body, "drain_delay: must be a duration") ||
		!strings.Contains(body, `"drain_delay":"0s"`) {
		t.Errorf("after a load that was refused: %s", body)
	}
	r.again(strings.Replace(file, "127.0.0.1:0", "127.0.0.1:1", 1) + "drain_delay: 3s\nredis: {url: \"\"}\n")
	if _, body := r.shownTo("secret-admin-0123456789"); !strings.Contains(body, `"refused":null`) || !strings.Contains(body, `"needs_restart":["listen"]`) ||
		!strings.Contains(body, `"drain_delay":"3s"`) || !strings.Contains(body, "this relay shares nothing with others") {
		t.Errorf("after a load: %s", body)
	}
}
