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
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/process"
)

// A prometheus is a real one.
type prometheus struct{ url string }

// alerts are those of deploy/.
func alerts(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var (
	alertWaits   = regexp.MustCompile(`(?m)^ +for: \w+\n`)
	alertMinutes = regexp.MustCompile(`\[\d+m\]`)
)

// hurriedAlerts are those of deploy/ that do not wait before they fire, and look back on ten seconds instead of minutes. That
// they wait as long as they say is what promtool tests.
func hurriedAlerts(t *testing.T) []byte {
	t.Helper()
	return alertMinutes.ReplaceAll(alertWaits.ReplaceAll(alerts(t), nil), []byte("[10s]"))
}

// startPrometheus runs Prometheus by the command of docker-compose.yml and the sample in deploy/, but for addresses, folders, and a
// second between two scrapes.
func startPrometheus(t *testing.T, targets []string, rules []byte) *prometheus {
	t.Helper()
	installed(t, "prometheus")
	dir, address := t.TempDir(), process.FreeAddress(t)
	file := filepath.Join(dir, "prometheus.yml")
	sample, err := os.ReadFile("../deploy/prometheus/prometheus.yml")
	if err := errors.Join(err, os.WriteFile(file, sample, 0o600), os.WriteFile(filepath.Join(dir, "alerts.yml"), rules, 0o600)); err != nil {
		t.Fatal(err)
	}
	amend(t, file, `["relay-1:8080", "relay-2:8080"]`, `["`+strings.Join(targets, `", "`)+`"]`)
	amend(t, file, "/tmp/", dir+"/")
	amend(t, file, "scrape_interval: 15s", "scrape_interval: 1s")
	amend(t, file, "evaluation_interval: 15s", "evaluation_interval: 1s")

	service := serviceOfCompose(t, "prometheus")
	script := strings.NewReplacer("$$", "$", "/tmp/", dir+"/", "/etc/prometheus/", dir+"/", "=/prometheus", "="+dir+"/data",
		"exec prometheus", "exec prometheus --web.listen-address="+address).Replace(service.Command[1])
	command := exec.Command(service.Entrypoint[0], service.Command[0], script)
	command.Env = append(os.Environ(), "RELAY_ADMIN_KEY="+opsKey)
	startBalancer(t, address, command)
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

// A promSeries is what a query gives of one series.
type promSeries struct {
	Metric map[string]string
	Value  [2]any // the time, and the value as text
}

// query is a query's series that have a value now.
func (p *prometheus) query(t *testing.T, expr string) []promSeries {
	t.Helper()
	var vector []promSeries
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
	return slices.DeleteFunc(vector, func(s promSeries) bool { return s.Value[1] == "NaN" })
}

// ask is the labels of a query's series.
func (p *prometheus) ask(t *testing.T, expr string) (series []map[string]string) {
	t.Helper()
	for _, s := range p.query(t, expr) {
		series = append(series, s.Metric)
	}
	return series
}

// sum is a query's value, summed over its series.
func (p *prometheus) sum(t *testing.T, expr string) (sum float64) {
	t.Helper()
	for _, s := range p.query(t, expr) {
		value, err := strconv.ParseFloat(fmt.Sprint(s.Value[1]), 64)
		if err != nil {
			t.Fatalf("%s gives %v", expr, s.Value)
		}
		sum += value
	}
	return sum
}

// firing are the alerts that fire, each with the labels that say about what, such as "BudgetSpent tenant=acme".
func (p *prometheus) firing(t *testing.T) (all []string) {
	t.Helper()
	var answer struct {
		Alerts []struct {
			State  string
			Labels map[string]string
		}
	}
	p.get(t, "/api/v1/alerts", &answer)
	for _, a := range answer.Alerts {
		if a.State != "firing" {
			continue
		}
		name := a.Labels["alertname"]
		for _, about := range []string{"provider", "tenant", "code", "instance"} {
			if of := a.Labels[about]; of != "" {
				name += fmt.Sprintf(" %s=%s", about, of)
			}
		}
		all = append(all, name)
	}
	return all
}

func (p *prometheus) isFiring(t *testing.T, alert string) bool {
	t.Helper()
	return slices.Contains(p.firing(t), alert)
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
