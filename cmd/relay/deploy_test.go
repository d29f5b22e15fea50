package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"voicerelay/config"
)

// manifest is what the tests read of a document for Kubernetes.
type manifest struct {
	Kind       string
	Data       map[string]string
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Template struct {
			Spec struct {
				TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`
				SecurityContext               struct {
					RunAsUser int `yaml:"runAsUser"`
					FSGroup   int `yaml:"fsGroup"`
				} `yaml:"securityContext"`
			}
		}
	}
}

// manifests are the documents of a file, by their kind.
func manifests(t *testing.T, path string) map[string]manifest {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]manifest)
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var m manifest
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[m.Kind] = m
	}
}

// stopsWithin expects that what stops a relay waits for as long as its configuration may take.
func stopsWithin(t *testing.T, s *config.Settings, waits time.Duration) {
	t.Helper()
	if need := s.DrainDelay + s.ShutdownGrace + 30*time.Second; waits < need {
		t.Errorf("it is killed after %v, and may need %v", waits, need)
	}
}

// The relays of the sample for Kubernetes have a configuration that is valid with the sample's own secrets, time to stop, and
// a disk that is theirs.
func TestKubernetesSampleHolds(t *testing.T) {
	all := manifests(t, "../../deploy/kubernetes/voicerelay.yaml")
	env := configEnvironment()
	env.Lookup = func(name string) (string, bool) { v, ok := all["Secret"].StringData[name]; return v, ok }
	s, _, err := config.Parse("config.yaml", []byte(all["ConfigMap"].Data["config.yaml"]), env)
	if err != nil {
		t.Fatal(err)
	}
	pod := all["StatefulSet"].Spec.Template.Spec
	stopsWithin(t, s, time.Duration(pod.TerminationGracePeriodSeconds)*time.Second)
	dockerfile, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	user := regexp.MustCompile(`(?m)^USER (\d+)`).FindStringSubmatch(string(dockerfile))
	if user == nil {
		t.Fatal("the Dockerfile names no user")
	}
	if got := strconv.Itoa(pod.SecurityContext.RunAsUser); got != user[1] || pod.SecurityContext.FSGroup != pod.SecurityContext.RunAsUser {
		t.Errorf("runs as %s, with a disk of %d; the image's user is %s", got, pod.SecurityContext.FSGroup, user[1])
	}
	for _, kind := range []string{"Service", "PodDisruptionBudget"} {
		if _, ok := all[kind]; !ok {
			t.Errorf("there is no %s", kind)
		}
	}
}

// The unit for systemd gives a relay of the default configuration time to stop, and systemd itself finds no fault in it.
func TestSystemdUnitHolds(t *testing.T) {
	const path = "../../deploy/systemd/voicerelay.service"
	unit, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	waits := regexp.MustCompile(`(?m)^TimeoutStopSec=(\w+)$`).FindSubmatch(unit)
	if waits == nil {
		t.Fatal("the unit has no TimeoutStopSec")
	}
	d, err := time.ParseDuration(string(waits[1]))
	if err != nil {
		t.Fatal(err)
	}
	stopsWithin(t, &config.Settings{ShutdownGrace: 20 * time.Second}, d)
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed, which would judge the rest")
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", path).CombinedOutput()
	if complaint := regexp.MustCompile(`Unknown (key|lvalue|section)[^\n]*`).Find(out); complaint != nil {
		t.Errorf("systemd: %s (%v)", complaint, err)
	}
}
