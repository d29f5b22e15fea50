package tests

import (
	"encoding/json"
	"fmt"
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

	"github.com/goccy/go-yaml"

	"voicerelay/tests/process"
)

// prometheus is a Prometheus server that scrapes relays, with the alerts of deploy/prometheus in a hurry: none waits before it
// fires, and what they look back on is five seconds long. That they wait as long as they say is what promtool tests.
type prometheus struct {
	t   *testing.T
	url string
}

// watch starts a Prometheus server that scrapes relays as an administrator.
func watch(t *testing.T, relays ...*relay) *prometheus {
	t.Helper()
	program, dir, listen := installed(t, "prometheus"), t.TempDir(), process.FreeAddress(t)
	targets := make([]string, len(relays))
	for i, r := range relays {
		targets[i] = strings.TrimPrefix(r.url, "http://")
	}
	scrape := map[string]any{
		"job_name":       "voicerelay",
		"authorization":  map[string]string{"credentials": opsKey},
		"static_configs": []any{map[string]any{"targets": targets}},
	}
	config, err := yaml.Marshal(map[string]any{
		"global":         map[string]string{"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"},
		"rule_files":     []string{"alerts.yml"},
		"scrape_configs": []any{scrape},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"prometheus.yml": config, "alerts.yml": hurriedAlerts(t)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	startBalancer(t, listen, exec.Command(program, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+dir, "--web.listen-address="+listen, "--log.level=warn"))
	return &prometheus{t: t, url: "http://" + listen}
}

var (
	alertWaits    = regexp.MustCompile(`(?m)^ +for: \w+\n`)
	alertLooksFor = regexp.MustCompile(`\[\d+m\]`)
)

// hurriedAlerts are the alerts of deploy/prometheus, without what takes minutes.
func hurriedAlerts(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", "prometheus", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	return alertLooksFor.ReplaceAll(alertWaits.ReplaceAll(text, nil), []byte("[5s]"))
}

// ask has Prometheus answer a request, once it does.
func (p *prometheus) ask(path string, answer any) {
	p.t.Helper()
	eventually(p.t, "Prometheus to answer "+path, func() bool {
		res, err := http.Get(p.url + path)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK && json.NewDecoder(res.Body).Decode(answer) == nil
	})
}

// alerts are the names of those that fire, each with the labels that say about what, such as "BudgetSpent tenant=acme".
func (p *prometheus) alerts() (firing []string) {
	p.t.Helper()
	var body struct {
		Data struct {
			Alerts []struct {
				State  string
				Labels map[string]string
			}
		}
	}
	p.ask("/api/v1/alerts", &body)
	for _, a := range body.Data.Alerts {
		if a.State != "firing" {
			continue
		}
		name := a.Labels["alertname"]
		for _, about := range []string{"provider", "tenant", "code", "instance"} {
			if of := a.Labels[about]; of != "" {
				name += fmt.Sprintf(" %s=%s", about, of)
			}
		}
		firing = append(firing, name)
	}
	return firing
}

// sum is what a query gives now, summed over its series.
func (p *prometheus) sum(query string) (sum float64) {
	p.t.Helper()
	var body struct {
		Data struct {
			Result []struct {
				Value [2]any // the time, and a number as text
			}
		}
	}
	p.ask("/api/v1/query?query="+url.QueryEscape(query), &body)
	for _, series := range body.Data.Result {
		text, _ := series.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			p.t.Fatalf("%s gives %v", query, series.Value)
		}
		sum += value
	}
	return sum
}

// fires waits for an alert.
func (p *prometheus) fires(alert string) {
	p.t.Helper()
	eventually(p.t, "alert "+alert, func() bool { return p.isFiring(alert) })
}

// resolves waits until an alert does not fire.
func (p *prometheus) resolves(alert string) {
	p.t.Helper()
	eventually(p.t, "the end of alert "+alert, func() bool { return !p.isFiring(alert) })
}

func (p *prometheus) isFiring(alert string) bool {
	return slices.Contains(p.alerts(), alert)
}
