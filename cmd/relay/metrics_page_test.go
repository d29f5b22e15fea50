package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"voicerelay/config"
	"voicerelay/tests/document"
)

const metricsPage = "../../docs/metrics.md"

// measuredFile has all that a metric may depend on: a key that expires, a budget, a price, a certificate, and a second
// target, to which the first may lose its speech.
const measuredFile = `
listen: 127.0.0.1:0
keys: [{name: ops, tenant: acme, key: a-key-of-some-length, admin: true, expires: 2099-01-31T12:00:00Z}]
providers: {tone: {adapter: tone}, other: {adapter: tone}}
routes: {default: {targets: [{provider: tone}, {provider: other}]}}
voices: {narrator: {language: en, ids: {tone: low, other: low}}}
tenants: {acme: {budget: {daily: "5", currency: EUR, alert_at: [0.8]}}}
prices: [{provider: tone, unit: character, amount: "0.00001", currency: EUR}]
ledger: {path: %q}
tls: {cert: %q, key: %q}
`

// docs/metrics.md lists every metric of the code, as a relay tells it that has spoken once.
func TestMetricsPageListsEveryMetric(t *testing.T) {
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	want, err := document.Fill(string(page), "metrics", tableOf(t, scrapeAll(t)))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(metricsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Error("docs/metrics.md is not what the code says; run: go test ./cmd/relay -run TestMetricsPage -update")
	}
}

// scrapeAll is what Prometheus gets of a relay that has spoken once.
func scrapeAll(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"cert", "-host", "127.0.0.1", "-out", dir}, stdio{out: io.Discard, err: &stderr}); code != exitOK {
		t.Fatalf("certificate: %s", &stderr)
	}
	path := filepath.Join(dir, "config.yaml")
	file := fmt.Appendf(nil, measuredFile, filepath.Join(dir, "ledger.db"), filepath.Join(dir, "server.pem"), filepath.Join(dir, "server-key.pem"))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, _, err := config.Load(path, configEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	p := started(t, s)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(t, filepath.Join(dir, "ca.pem"))}}
	defer client.CloseIdleConnections()
	ask(t, client, http.MethodPost, p.url+"/v1/speech", `{"text":"Hello there."}`)
	return ask(t, client, http.MethodGet, p.url+"/metrics", "")
}

// trusting believes the CA of a file.
func trusting(t *testing.T, path string) *tls.Config {
	t.Helper()
	ca, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &tls.Config{RootCAs: pool}
}

// started is a relay for the test's time.
func started(t *testing.T, s *config.Settings) *process {
	t.Helper()
	p, err := start(t.Context(), s, zerolog.Nop(), extras{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop.run(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return p
}

// ask is the body of an answer that must be a good one.
func ask(t *testing.T, client *http.Client, method, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer a-key-of-some-length")
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %s %v", method, url, answer.StatusCode, text, err)
	}
	return string(text)
}

var (
	helpLine   = regexp.MustCompile(`(?m)^# HELP (relay_\w+) (.*)$`)
	typeLine   = regexp.MustCompile(`(?m)^# TYPE (relay_\w+) (\w+)$`)
	sampleLine = regexp.MustCompile(`(?m)^(relay_\w+)\{([^}]*)\} `)
	labelName  = regexp.MustCompile(`(\w+)="`)
)

// tableOf is a scrape as the page has it: a row a metric.
func tableOf(t *testing.T, scrape string) string {
	t.Helper()
	kinds, labels := make(map[string]string), make(map[string]string)
	for _, m := range typeLine.FindAllStringSubmatch(scrape, -1) {
		kinds[m[1]] = m[2]
	}
	for _, m := range sampleLine.FindAllStringSubmatch(scrape, -1) {
		name := m[1]
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			if base := strings.TrimSuffix(name, end); kinds[base] == "histogram" {
				name = base
			}
		}
		var of []string
		for _, l := range labelName.FindAllStringSubmatch(m[2], -1) {
			if l[1] != "le" {
				of = append(of, "`"+l[1]+"`")
			}
		}
		slices.Sort(of)
		labels[name] = strings.Join(of, ", ")
	}
	var table strings.Builder
	table.WriteString("| metric | type | labels | is |\n| --- | --- | --- | --- |\n")
	help := helpLine.FindAllStringSubmatch(scrape, -1)
	if len(help) < 20 {
		t.Fatalf("a scrape has %d metrics", len(help))
	}
	for _, m := range help {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", m[1], kinds[m[1]], labels[m[1]], strings.ReplaceAll(m[2], `\\`, `\`))
	}
	return table.String()
}
