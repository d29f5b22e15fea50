package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const alertsFolder = "../../deploy/prometheus"

// Each alert fires where it should and is silent beside that, by Prometheus' own word.
func TestAlertsFireWhereTheyShould(t *testing.T) {
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is not installed (package prometheus)")
	}
	command := exec.CommandContext(t.Context(), "promtool", "test", "rules", "alerts_test.yml", "alerts_day_test.yml")
	command.Dir = alertsFolder
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// Alerts and the dashboard speak of metrics that there are, and each alert has both tests.
func TestAlertsSpeakOfMetricsThatThereAre(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page, rules, tests := read(metricsPage), read(alertsFolder+"/alerts.yml"), read(alertsFolder+"/alerts_test.yml")+read(alertsFolder+"/alerts_day_test.yml")
	board := read("../../deploy/grafana/dashboards/voicerelay.json")
	for _, name := range regexp.MustCompile(`relay_[a-z_]+`).FindAllString(rules+board, -1) {
		if name = strings.TrimSuffix(name, "_bucket"); !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("%s is no metric", name)
		}
	}
	alerts := regexp.MustCompile(`(?m)^      - alert: (\w+)$`).FindAllStringSubmatch(rules, -1)
	if len(alerts) < 20 {
		t.Fatalf("%d alerts were found", len(alerts))
	}
	for _, a := range alerts {
		for _, kind := range []string{" fires", " is silent"} {
			if !slices.Contains(strings.Split(tests, "\n"), "  - name: "+a[1]+kind) {
				t.Errorf("no test says where %s%s", a[1], kind)
			}
		}
	}
}
