package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

const silentCallFile = `
listen: 127.0.0.1:0
providers:
  deepgram: {adapter: deepgram, url: "DEEPGRAM", api_key: demo-key}
  cartesia: {adapter: cartesia, url: "CARTESIA", api_key: demo-key}
routes: {default: {targets: [{provider: deepgram}, {provider: cartesia, model: sonic-3}], first_audio_timeout: 300ms, hedge_after: 0s}}
voices: {narrator: {ids: {deepgram: aura-2-thalia-en, cartesia: 6ccbfb76-1fc6-48f7-b71d-91ac6298247b}}}
shutdown_grace: 1s
ledger: {path: LEDGER}
`

// asDocumented leaves out of an output what differs each time.
func asDocumented(output string) string {
	for _, change := range [][2]string{
		{`"(record_id|session_id|generation_id)":"[^"]*"`, `"$1":"…"`},
		{`"(\w+_at)":"[^"]*"`, `"$1":"…"`},
		{`"upstream_id":"s[A-Z0-9]{20}\.`, `"upstream_id":"s….`},
		{`"price_list":(null|"[^"]*")`, `"price_list":…`},
		{`"(audio_ms|spoken_characters)":\d+`, `"$1":…`},
	} {
		output = regexp.MustCompile(change[0]).ReplaceAllString(output, change[1])
	}
	return strings.TrimSpace(output)
}

// A call whose first vendor said nothing leads from its id to the record, the attempt and the vendor's own id, as
// docs/operating.md shows.
func TestASilentCallLeadsToTheVendorsID(t *testing.T) {
	running := &stopper{}
	t.Cleanup(func() {
		if err := running.run(t.Context()); err != nil {
			t.Log(err)
		}
	})
	mute, err := emulator.ParseFault("stall")
	if err != nil {
		t.Fatal(err)
	}
	silent, err := startVendor("deepgram", emulator.Options{APIKey: demoKey, Fault: mute}, running)
	if err != nil {
		t.Fatal(err)
	}
	speaks, err := startVendor("cartesia", emulator.Options{APIKey: demoKey, Seed: 1}, running)
	if err != nil {
		t.Fatal(err)
	}
	r := serveFile(t, strings.NewReplacer("DEEPGRAM", silent, "CARTESIA", speaks).Replace(silentCallFile))
	body := `{"text":"Hello from the relay.","metadata":{"call":"4711"}}`
	answer, err := http.Post(r.url+"/v1/speech?length=known", "application/json", strings.NewReader(body)) //nolint:noctx // ends with the relay
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d", answer.StatusCode)
	}
	var out, errs bytes.Buffer
	args := []string{"export", "-config", r.from.path, "-metadata", "call=4711", "-format", "jsonl"}
	if code := usageReport(t.Context(), args, stdio{out: &out, err: &errs}); code != exitOK {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := asDocumented(out.String())
	joined := regexp.MustCompile(`\n +`).ReplaceAllString(string(document), "")
	if !strings.Contains(joined, want) {
		t.Errorf("docs/operating.md does not show:\n%s", want)
	}
}
