package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
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
	p := startPrometheus(t, targets)
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
	cfg.limit(map[string]any{"max_message_bytes": 4096})
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

// A prometheus is a real one.
type prometheus struct{ url string }

// startPrometheus runs Prometheus by the sample in deploy/ but for addresses, the admin key, and a second between two scrapes.
func startPrometheus(t *testing.T, targets []string) *prometheus {
	t.Helper()
	program := installed(t, "prometheus")
	dir, address := t.TempDir(), process.FreeAddress(t)
	key := filepath.Join(dir, "key")
	file := filepath.Join(dir, "prometheus.yml")
	sample, err := os.ReadFile("../deploy/prometheus/prometheus.yml")
	rules, err2 := os.ReadFile("../deploy/prometheus/alerts.yml")
	if err := errors.Join(err, err2, os.WriteFile(key, []byte(opsKey), 0o600), os.WriteFile(file, sample, 0o600),
		os.WriteFile(filepath.Join(dir, "alerts.yml"), rules, 0o600)); err != nil {
		t.Fatal(err)
	}
	amend(t, file, `["relay-1:8080", "relay-2:8080"]`, `["`+strings.Join(targets, `", "`)+`"]`)
	amend(t, file, "/run/secrets/relay_admin_key", key)
	amend(t, file, "scrape_interval: 15s", "scrape_interval: 1s")
	amend(t, file, "evaluation_interval: 15s", "evaluation_interval: 1s")
	startBalancer(t, address, exec.Command(program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn"))
	p := &prometheus{"http://" + address}
	eventually(t, "Prometheus to be ready", func() bool {
		res, err := http.Get(p.url + "/-/ready")
		return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK
	})
	return p
}

// scrape waits until every relay has been scraped once more.
func (p *prometheus) scrape(t *testing.T) {
	t.Helper()
	began := time.Now()
	eventually(t, "Prometheus to have scraped the relays", func() bool {
		since := strconv.FormatFloat(float64(began.UnixMilli())/1000, 'f', 3, 64)
		return len(p.ask(t, `timestamp(up) > `+since+` and up == 1`)) == 2
	})
}

// ask is a query's series that have a value.
func (p *prometheus) ask(t *testing.T, expr string) (series []map[string]string) {
	t.Helper()
	var vector []struct {
		Metric map[string]string
		Value  [2]any
	}
	var answer struct {
		ResultType string
		Result     json.RawMessage
	}
	p.get(t, "/api/v1/query?query="+url.QueryEscape(expr), &answer)
	if answer.ResultType != "vector" {
		t.Fatalf("%s is a %s", expr, answer.ResultType)
	}
	if err := json.Unmarshal(answer.Result, &vector); err != nil {
		t.Fatal(err)
	}
	for _, s := range vector {
		if value := fmt.Sprint(s.Value[1]); value != "NaN" {
			series = append(series, s.Metric)
		}
	}
	return series
}

// A promRule is what Prometheus says of an alert.
type promRule struct{ Name, Health, LastError string }

// rules are the alerts, each of which has been evaluated.
func (p *prometheus) rules(t *testing.T) (all []promRule) {
	t.Helper()
	eventually(t, "Prometheus to evaluate its rules", func() bool {
		var answer struct{ Groups []struct{ Rules []promRule } }
		p.get(t, "/api/v1/rules", &answer)
		all = nil
		for _, group := range answer.Groups {
			all = append(all, group.Rules...)
		}
		for _, rule := range all {
			if rule.Health == "unknown" {
				return false
			}
		}
		return len(all) > 0
	})
	return all
}

// get asks Prometheus, which must understand.
func (p *prometheus) get(t *testing.T, path string, data any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("Prometheus: %d %s, asked %s (%v)", res.StatusCode, body, path, err)
	}
	answer := struct{ Data any }{data}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
}
