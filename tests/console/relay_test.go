package console

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/tests/redisserver"
	"voicerelay/upstream/emulator"
)

const (
	adminKey  = "an-admin-key-of-the-tests"
	acmeKey   = "a-key-of-acme-of-the-tests"
	vendorKey = "ka_5ecre7-vend0r-key"
)

// relay is a relay with emulated vendors: one that breaks off, one that goes on, one that takes its time, and one that refuses.
type relay struct {
	*process.Server
	t *testing.T
}

const vendors = `
providers:
  alpha: {adapter: kugelaudio, url: "ALPHA", api_key: KEY, max_concurrent: 8, warm: 1}
  beta: {adapter: uplift, url: "BETA", api_key: KEY}
  steady: {adapter: kugelaudio, url: "STEADY", api_key: KEY, max_concurrent: 4}
  broken: {adapter: kugelaudio, url: "BROKEN", api_key: KEY}
routes:
  default: {targets: [{provider: alpha, model: kugel-3}, {provider: beta}], first_audio_timeout: 10s, hedge_after: 0s}
  steady: {targets: [{provider: steady, model: kugel-3}], first_audio_timeout: 10s, hedge_after: 0s}
  broken: {targets: [{provider: broken, model: kugel-3}], first_audio_timeout: 10s, hedge_after: 0s}
voices:
  narrator: {language: en, ids: {alpha: "1071", beta: v_8eelc901, steady: "1071", broken: "1071"}}
prices:
  - {provider: beta, unit: character, amount: "0.00002", currency: EUR}
shutdown_grace: 1s
`

const keys = `
tenants:
  acme: {budget: {currency: EUR, daily: "1.00", monthly: "20.00", allow_unpriced: true}}
  ops: {}
keys:
  - {name: operator, tenant: ops, key: ` + adminKey + `, admin: true}
  - {name: bot, tenant: acme, key: ` + acmeKey + `, expires: 2040-01-01T00:00:00Z}
`

// serve starts a relay with further lines of configuration.
func serve(t *testing.T, further string) *relay {
	t.Helper()
	_, err := chromium()
	process.Need(t, err) // before anything is started that nobody would look at
	source := strings.ReplaceAll("listen: 127.0.0.1:0\nlog: {level: warn}\n"+further+vendors, "KEY", vendorKey)
	drop, err := emulator.ParseFault("drop:900ms")
	if err != nil {
		t.Fatal(err)
	}
	refuse, err := emulator.ParseFault("refuse:503")
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		adapter string
		options emulator.Options
	}{
		"ALPHA":  {"kugelaudio", emulator.Options{Fault: drop, FirstAudio: 120 * time.Millisecond}},
		"BETA":   {"uplift", emulator.Options{FirstAudio: 180 * time.Millisecond}},
		"STEADY": {"kugelaudio", emulator.Options{Pace: 1, FirstAudio: 80 * time.Millisecond}},
		"BROKEN": {"kugelaudio", emulator.Options{Fault: refuse}},
	} {
		v.options.APIKey, v.options.Seed = vendorKey, 7
		_, url := process.Emulate(t, v.adapter, v.options)
		source = strings.Replace(source, `"`+name+`"`, `"`+url+`"`, 1)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	server := process.Start(t, process.Command(program, dir, "serve", "-config", path), vendorKey, adminKey, acmeKey)
	return &relay{Server: server, t: t}
}

// speak has a text spoken, and returns the answer's body.
func (r *relay) speak(key string, request map[string]any) []byte {
	r.t.Helper()
	text, err := json.Marshal(request)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), process.Deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL+"/v1/speech", bytes.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/x-ndjson")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := client.Do(req)
	if err != nil {
		r.t.Error(err)
		return nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Error(err)
	}
	return body
}

// client keeps no connection open: goroutines are counted at the end.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

const sentence = "The first voice breaks off within this sentence, and the next one goes on where it was, so that nobody misses a word."

// traffic is what there is to see: takeovers, failures and refusals.
func (r *relay) traffic() {
	r.t.Helper()
	for range 4 {
		r.speak(acmeKey, map[string]any{"text": sentence, "route": "default", "metadata": map[string]string{"call": "c-17"}})
	}
	r.speak(acmeKey, map[string]any{"text": sentence, "route": "broken"})
	r.speak(acmeKey, map[string]any{"text": sentence, "route": "nowhere"})
	r.speak("not-a-key-at-all", map[string]any{"text": sentence})
}

// sharedRedis is a line of configuration that names a Redis of the test's own.
func sharedRedis(t *testing.T) string {
	t.Helper()
	return `redis: {url: "redis://` + redisserver.New(t).Addr + `/0"}` + "\n"
}
