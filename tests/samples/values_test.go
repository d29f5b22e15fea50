package samples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
)

// configured is a file of values with a configuration that has some lines in place of others.
func configured(t *testing.T, pairs ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(text), pairs[i]) {
			t.Fatalf("the values have no %q", pairs[i])
		}
	}
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A pod has the time to stop, the ports and the scheme that the configuration asks for, and is another one where that changed.
func TestThePodFollowsTheConfiguration(t *testing.T) {
	set := func(values string) *apps.StatefulSet {
		return rendered(t, "-f", values).all["StatefulSet/voicerelay"].(*apps.StatefulSet)
	}
	usual := set(configured(t))
	other := set(configured(t, "drain_delay: 10s ", "drain_delay: 1m1.5s ", "  shutdown_grace: 20s\n", "", "0.0.0.0:8080", "0.0.0.0:8443\n  tls: {cert: /tls/tls.crt, key: /tls/tls.key}"))
	for name, tt := range map[string]struct {
		set    *apps.StatefulSet
		grace  int64
		port   int32
		scheme string
	}{
		"usual": {usual, 60, 8080, "HTTP"},
		"other": {other, 112, 8443, "HTTPS"},
	} {
		pod := tt.set.Spec.Template.Spec
		relay := pod.Containers[0]
		if got := *pod.TerminationGracePeriodSeconds; got != tt.grace {
			t.Errorf("%s: it is killed after %d s, want %d", name, got, tt.grace)
		}
		if got := relay.Ports[0].ContainerPort; got != tt.port {
			t.Errorf("%s: its port is %d, want %d", name, got, tt.port)
		}
		if got := string(relay.ReadinessProbe.HTTPGet.Scheme); got != tt.scheme {
			t.Errorf("%s: it is asked by %s, want %s", name, got, tt.scheme)
		}
	}
	const checksum = "checksum/config"
	if a, b := usual.Spec.Template.Annotations[checksum], other.Spec.Template.Annotations[checksum]; a == "" || a == b {
		t.Errorf("checksums %q and %q", a, b)
	}
}

// Values that no relay can run by are refused, with what is wrong.
func TestTheChartRefusesWhatCannotRun(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no drain_delay":     {[]string{"-f", configured(t, "  drain_delay: 10s    # a Service takes some seconds to send newcomers elsewhere\n", "")}, "drain_delay must be 5s or more"},
		"ledger elsewhere":   {[]string{"-f", configured(t, "/data/ledger.db", "/tmp/ledger.db")}, "ledger.path must be below /data"},
		"loopback":           {[]string{"-f", configured(t, "listen: 0.0.0.0:8080", "listen: 127.0.0.1:8080")}, "listen must not be a loopback address"},
		"no admin_listen":    {[]string{"-f", configured(t, "  admin_listen: 0.0.0.0:9090\n", "")}, "admin_listen must be set"},
		"no YAML":            {[]string{"-f", configured(t, "  hosts: [voicerelay]", "  hosts: [voicerelay")}, "config: "},
		"unknown value":      {[]string{"--set", "replica=3"}, "replica"},
		"no secret":          {[]string{"--set", "existingSecret="}, "existingSecret"},
		"digest of no image": {[]string{"--set", "image.digest=latest"}, "digest"},
	} {
		out, err := helm(t, append([]string{"template", "voicerelay", chart, "--kube-version", kubernetes}, tt.args...)...)
		if err == nil || !strings.Contains(out, tt.want) {
			t.Errorf("%s: got %v, want %q:\n%.600s", name, err, tt.want, out)
		}
	}
}
