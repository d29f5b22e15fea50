package samples

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const (
	chart      = "../../deploy/helm/voicerelay"
	kubernetes = "v1.34.0" // the version that templates are rendered for
)

// helm runs Helm, and returns what it prints.
func helm(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"tool", "helm"}, args...)...)
	command.Env = append(os.Environ(), "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err = command.Run(); err != nil {
		return stdout.String() + stderr.String(), err
	}
	return stdout.String(), nil
}

// rendered are the objects of the chart, with more arguments of helm template.
func rendered(t *testing.T, args ...string) *objects {
	t.Helper()
	out, err := helm(t, append([]string{"template", "voicerelay", chart, "--kube-version", kubernetes}, args...)...)
	if err != nil {
		t.Fatalf("helm template: %v\n%s", err, out)
	}
	return decoded(t, []byte(out))
}

// sample are the objects of the files in deploy/kubernetes.
func sample(t *testing.T) *objects {
	t.Helper()
	var all [][]byte
	for _, name := range []string{"voicerelay.yaml", "servicemonitor.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../deploy/kubernetes", name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return decoded(t, bytes.Join(all, []byte("\n---\n")))
}

func TestHelmFindsNoFaultInTheChart(t *testing.T) {
	if out, err := helm(t, "lint", "--strict", "--kube-version", kubernetes, chart); err != nil {
		t.Errorf("helm lint: %v\n%s", err, out)
	}
}

// What the chart makes of its own values is what deploy/kubernetes has, but for labels, and the Secret, which it is given.
func TestTheChartIsTheSample(t *testing.T) {
	got := rendered(t, "--set", "monitoring.serviceMonitor.enabled=true")
	want := sample(t)
	delete(want.all, "Secret/voicerelay")
	for name, object := range want.all {
		other, ok := got.all[name]
		if !ok {
			t.Errorf("the chart has no %s", name)
			continue
		}
		if a, b := text(t, unlabelled(other)), text(t, unlabelled(object)); a != b {
			t.Errorf("%s of the chart:\n%s\nof the sample:\n%s", name, a, b)
		}
	}
	for name := range got.all {
		if _, ok := want.all[name]; !ok {
			t.Errorf("the sample has no %s", name)
		}
	}
}

// unlabelled is an object without what the chart and the sample each name in their own way: labels, what selects by them, and
// annotations.
func unlabelled(object any) any {
	switch o := object.(type) {
	case *core.ConfigMap:
		o.Labels = nil
		o.Data["config.yaml"] = strings.TrimSpace(o.Data["config.yaml"])
	case *core.Service:
		o.Labels, o.Spec.Selector = nil, nil
		if o.Spec.Type == core.ServiceTypeClusterIP { // the default
			o.Spec.Type = ""
		}
	case *policy.PodDisruptionBudget:
		o.Labels, o.Spec.Selector = nil, nil
	case *monitoring.ServiceMonitor:
		o.Labels, o.Spec.Selector.MatchLabels, o.Spec.JobLabel = nil, nil, ""
	case *apps.StatefulSet:
		o.Labels, o.Spec.Selector = nil, nil
		pod := &o.Spec.Template
		pod.Labels, pod.Annotations = nil, nil
		for i := range pod.Spec.TopologySpreadConstraints {
			pod.Spec.TopologySpreadConstraints[i].LabelSelector = nil
		}
		relay := &pod.Spec.Containers[0]
		relay.ImagePullPolicy = ""
		for _, probe := range []*core.Probe{relay.ReadinessProbe, relay.LivenessProbe} {
			if probe.HTTPGet.Scheme == core.URISchemeHTTP { // the default
				probe.HTTPGet.Scheme = ""
			}
		}
	}
	return object
}

func text(t *testing.T, object any) string {
	t.Helper()
	out, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// What selects pods, of the chart as of the sample, selects those that there are; and jobLabel gives the job of the alerts.
func TestSelectorsSelectThePods(t *testing.T) {
	for name, all := range map[string]*objects{
		"chart": rendered(t, "--set", "monitoring.serviceMonitor.enabled=true"), "sample": sample(t),
	} {
		set := all.all["StatefulSet/voicerelay"].(*apps.StatefulSet)
		pod := set.Spec.Template.Labels
		budget := all.all["PodDisruptionBudget/voicerelay"].(*policy.PodDisruptionBudget)
		pods := all.all["Service/voicerelay-pods"].(*core.Service)
		monitor := all.all["ServiceMonitor/voicerelay"].(*monitoring.ServiceMonitor)
		for what, selector := range map[string]map[string]string{
			"StatefulSet": set.Spec.Selector.MatchLabels, "budget": budget.Spec.Selector.MatchLabels, "Service of pods": pods.Spec.Selector,
			"Service": all.all["Service/voicerelay"].(*core.Service).Spec.Selector,
			"spread":  set.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
		} {
			if len(selector) == 0 || !selects(selector, pod) {
				t.Errorf("%s: the %s selects %v, and pods have %v", name, what, selector, pod)
			}
		}
		if set.Spec.ServiceName != pods.Name {
			t.Errorf("%s: the StatefulSet's Service is %s", name, set.Spec.ServiceName)
		}
		if !selects(monitor.Spec.Selector.MatchLabels, pods.Labels) || pods.Labels[monitor.Spec.JobLabel] != "voicerelay" {
			t.Errorf("%s: the monitor selects %v, job of %s; the Service has %v", name, monitor.Spec.Selector.MatchLabels, monitor.Spec.JobLabel, pods.Labels)
		}
	}
}

func selects(selector, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// The rule and the dashboard are the files of deploy/, also in a packaged chart.
func TestTheChartCarriesAlertsAndDashboard(t *testing.T) {
	dir := t.TempDir()
	if out, err := helm(t, "package", chart, "--destination", dir); err != nil {
		t.Fatalf("helm package: %v\n%s", err, out)
	}
	packaged, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(packaged) != 1 {
		t.Fatalf("packaged %v, %v", packaged, err)
	}
	out, err := helm(t, "template", "voicerelay", packaged[0], "--kube-version", kubernetes,
		"--set", "monitoring.prometheusRule.enabled=true", "--set", "monitoring.dashboard.enabled=true")
	if err != nil {
		t.Fatalf("helm template: %v\n%s", err, out)
	}
	got := decoded(t, []byte(out)).all

	alerts, err := os.ReadFile("../../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var want monitoring.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(alerts, &want); err != nil {
		t.Fatal(err)
	}
	if rule := got["PrometheusRule/voicerelay"].(*monitoring.PrometheusRule); len(want.Groups) == 0 || !reflect.DeepEqual(rule.Spec, want) {
		t.Errorf("the rule is not deploy/prometheus/alerts.yml:\n%s", text(t, rule))
	}
	dashboard, err := os.ReadFile("../../deploy/grafana/dashboards/voicerelay.json")
	if err != nil {
		t.Fatal(err)
	}
	if board := got["ConfigMap/voicerelay-dashboard"].(*core.ConfigMap); strings.TrimSpace(board.Data["voicerelay.json"]) != strings.TrimSpace(string(dashboard)) {
		t.Error("the dashboard is another")
	}
}
