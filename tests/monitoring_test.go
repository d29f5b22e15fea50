package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

const dashboardPath = "../deploy/grafana/dashboards/voicerelay.json"

// TestTheDashboardShowsWhatRelaysTell has a real Prometheus, by the file in deploy/, scrape two relays that have spoken, failed,
// refused and been interrupted, and asks it all that the dashboard asks: each query is one that it can parse, has values, and
// has the labels that it names.
func TestTheDashboardShowsWhatRelaysTell(t *testing.T) {
	t.Parallel()
	first, targets := measuredRelays(t)
	p := startPrometheus(t, targets, alerts(t))
	for i := range 2 { // what a relay had not counted before is a rate only with the second time
		p.scrape(t)
		cause(t, first, i)
	}
	p.scrape(t)

	for _, query := range dashboardQueries(t) {
		found := p.ask(t, query.expr)
		if found == nil {
			t.Errorf("%s shows nothing: %s", query.title, query.expr)
		}
		for _, series := range found {
			for _, label := range query.labels {
				if _, ok := series[label]; !ok {
					t.Errorf("%s: no label %s in %v of %s", query.title, label, series, query.expr)
				}
			}
		}
	}
	for _, rule := range p.rules(t) {
		if rule.Health != "ok" {
			t.Errorf("alert %s is %s: %s", rule.Name, rule.Health, rule.LastError)
		}
	}
}

// measuredRelays are a relay with all that a metric may depend on but TLS, which is the other's, and where each is scraped: the
// one with a key, the other at admin_listen.
func measuredRelays(t *testing.T) (first *relay, targets []string) {
	t.Helper()
	cfg := withTenants(speaksBy([]string{"ill", "well"}, map[string]*vendor{
		"ill": faulty(t, "drop:600ms", emulator.Options{}), "well": emulate(t, emulator.Options{Pace: 4}),
	}))
	cfg.Tenants = map[string]any{"acme": map[string]any{"budget": map[string]any{"daily": "5", "currency": "EUR"}}}
	cfg.Prices = []map[string]any{
		{"provider": "ill", "model": "*", "unit": "character", "amount": "0.0001", "currency": "EUR"},
		{"provider": "well", "model": "*", "unit": "character", "amount": "0.0001", "currency": "EUR"},
	}
	cfg.Keys[0]["expires"] = time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	cfg.MemoryLimit = "1GiB"
	cfg.Circuit = map[string]any{"consecutive_failures": 1000, "min_requests": 1000} // so that it goes on failing
	well := cfg.Providers["well"]
	well.MaxConcurrent = 4
	cfg.Providers["well"] = well

	dir := t.TempDir()
	made := run(t, dir, "", "cert", "-host", "127.0.0.1", "-out", dir)
	if made.code != 0 {
		t.Fatalf("relay cert: %s", made.errout)
	}
	secured := *cfg
	secured.TLS = map[string]string{"cert": filepath.Join(dir, "server.pem"), "key": filepath.Join(dir, "server-key.pem")}
	secured.AdminListen = process.FreeAddress(t)
	serve(t, &secured)
	first = serve(t, cfg)
	return first, []string{strings.TrimPrefix(first.url, "http://"), secured.AdminListen}
}

// cause has happen what the dashboard shows only where it happened, and did so often before.
func cause(t *testing.T, r *relay, before int) {
	t.Helper()
	c := r.dialWith(t, dialing{header: bearer(acmeKey)})
	c.send(j{"type": "generate", "generation_id": "taken-over", "text": twelve})
	c.completed("taken-over")
	c.send(j{"type": "generate", "generation_id": "failed", "text": twelve, "route": "ill"})
	c.done("failed")
	c.send(j{"type": "generate", "generation_id": "interrupted", "text": twelve, "route": "well"})
	c.started("interrupted")
	c.send(j{"type": "cancel", "generation_id": "interrupted"})
	c.done("interrupted")
	if got := r.get(t, "/v1/usage", bearer("a-key-that-nobody-has")); got.status != http.StatusUnauthorized {
		t.Errorf("a wrong key got %d", got.status)
	}
	eventually(t, "the cancel to be counted", func() bool {
		body := r.get(t, "/metrics", bearer(opsKey)).body
		return strings.Contains(string(body), fmt.Sprintf("\nrelay_cancel_seconds_count %d\n", before+1))
	})
}

// A dashboardQuery is a query of a panel, with the labels that it or its legend names.
type dashboardQuery struct {
	title, expr string
	labels      []string
}

var (
	groupedBy = regexp.MustCompile(`\bby \(([^)]*)\)`)
	legended  = regexp.MustCompile(`{{(\w+)}}`)
)

// dashboardQueries are those of all panels, with what Grafana puts in place of its variables.
func dashboardQueries(t *testing.T) (all []dashboardQuery) {
	t.Helper()
	text, err := os.ReadFile(dashboardPath)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$__rate_interval", "2m", "$job", "voicerelay", "$instance", ".*")
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			q := dashboardQuery{title: panel.Title, expr: fill.Replace(target.Expr)}
			if strings.Contains(q.expr, "$") {
				t.Errorf("%s: a variable is left in %s", q.title, q.expr)
			}
			for _, label := range legended.FindAllStringSubmatch(target.LegendFormat, -1) {
				q.labels = append(q.labels, label[1])
			}
			for _, labels := range groupedBy.FindAllStringSubmatch(q.expr, -1) {
				for label := range strings.SplitSeq(labels[1], ", ") {
					if label != "le" { // histogram_quantile takes it
						q.labels = append(q.labels, label)
					}
				}
			}
			all = append(all, q)
		}
	}
	if len(all) < 40 {
		t.Fatalf("%d queries were found", len(all))
	}
	return all
}
