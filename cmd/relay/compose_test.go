package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"voicerelay/config"

	"github.com/goccy/go-yaml"
)

// composition is what a test looks at of docker-compose.yml.
type composition struct {
	Services map[string]composedService
	Networks map[string]struct{ Internal bool }
	Configs  map[string]struct{ File string }
	Secrets  map[string]struct{ File string }
}

// composedService is a service, with what it takes from anchors.
type composedService struct {
	Image       string
	Build       any
	Volumes     []string
	Ports       []string
	Profiles    []string
	Networks    []string
	Tmpfs       []string
	Command     []string
	User        string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	MemLimit    string   `yaml:"mem_limit"`
	PidsLimit   int      `yaml:"pids_limit"`
	Environment map[string]string
}

func composed(t *testing.T) composition {
	t.Helper()
	source, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file composition
	if err := yaml.Unmarshal(source, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// composedSettings is what a relay makes of the configuration within docker-compose.yml where only what must be set is set.
func composedSettings(t *testing.T, file composition) (*config.Settings, []config.Warning) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", file.Configs["relay"].File))
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) (string, bool) {
		value, ok := map[string]string{
			"RELAY_KEY": "a-key-of-some-length", "RELAY_ADMIN_KEY": "another-key-of-some-length", "REDIS_PASSWORD": "0123456789abcdef",
		}[name]
		return value, ok
	}
	s, warnings, err := config.Parse("compose", text, config.Environment{Lookup: lookup, Read: config.ReadSecret, Drivers: drivers()})
	if err != nil {
		t.Fatal(err)
	}
	return s, warnings
}

// The configuration within docker-compose.yml is one that a relay takes as it is, and each relay has its own ledger.
func TestComposeStartsWithKeysAlone(t *testing.T) {
	file := composed(t)
	s, warnings := composedSettings(t, file)
	if len(warnings) != 1 || !strings.Contains(warnings[0].String(), "providers.kugelaudio: is left out") {
		t.Errorf("warnings %v, want that kugelaudio has no key", warnings)
	}
	first, second := file.Services["relay-1"], file.Services["relay-2"]
	if len(first.Volumes) != 1 || len(second.Volumes) != 1 || first.Volumes[0] == second.Volumes[0] || first.Ports[0] == second.Ports[0] {
		t.Errorf("volumes %v and %v, ports %v and %v: want each its own", first.Volumes, second.Volumes, first.Ports, second.Ports)
	}
	if folder := first.Volumes[0][strings.Index(first.Volumes[0], ":")+1:]; !strings.HasPrefix(s.Books.Ledger.Path, folder+"/") {
		t.Errorf("the ledger %s is not on the volume %s", s.Books.Ledger.Path, folder)
	}
}

// Every service can do little, and takes little of the machine.
func TestComposeConfinesItsServices(t *testing.T) {
	file := composed(t)
	if len(file.Services) != 5 {
		t.Fatalf("%d services, want two relays, Redis, Prometheus and Grafana", len(file.Services))
	}
	for name, s := range file.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s: read_only %v, cap_drop %v, security_opt %v", name, s.ReadOnly, s.CapDrop, s.SecurityOpt)
		}
		if s.MemLimit == "" || s.PidsLimit < 1 {
			t.Errorf("%s: mem_limit %q, pids_limit %d; want both", name, s.MemLimit, s.PidsLimit)
		}
		if len(s.Tmpfs) != 1 || !regexp.MustCompile(`^/tmp:size=\d+m,mode=1777,nosuid,nodev,noexec$`).MatchString(s.Tmpfs[0]) {
			t.Errorf("%s: tmpfs %v", name, s.Tmpfs)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to the network", name, port)
			}
		}
		if s.Build == nil && !byDigest.MatchString(s.Image) {
			t.Errorf("%s: image %s has no digest", name, s.Image)
		}
	}
}

// Compose refuses to start a service that is read-only with a config or a secret that is no file.
func TestComposeMountsOnlyFiles(t *testing.T) {
	file := composed(t)
	for _, all := range []map[string]struct{ File string }{file.Configs, file.Secrets} {
		for name, source := range all {
			if _, err := os.Stat(filepath.Join("../..", source.File)); err != nil || source.File == "" {
				t.Errorf("%s has no file: %v", name, err)
			}
		}
	}
	for name, s := range file.Services {
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if !strings.HasPrefix(source, ".") {
				continue // a named volume
			}
			if _, err := os.Stat(filepath.Join("../..", source)); err != nil || !strings.HasSuffix(volume, ":ro") {
				t.Errorf("%s: volume %s: want files of the repository, to be read only (%v)", name, volume, err)
			}
		}
	}
}

// Monitoring is started by its profile alone, reaches the relays' clients' port and not Redis, and Grafana finds Prometheus and the
// dashboard.
func TestComposeMonitorsByAProfile(t *testing.T) {
	file := composed(t)
	for name, s := range file.Services {
		if monitors := name == "prometheus" || name == "grafana"; monitors != slices.Equal(s.Profiles, []string{"monitoring"}) {
			t.Errorf("%s has the profiles %v", name, s.Profiles)
		} else if monitors && (slices.Contains(s.Networks, "store") || !slices.Contains(s.Networks, "monitoring")) {
			t.Errorf("%s is on the networks %v", name, s.Networks)
		}
	}
	var sources struct {
		Datasources []struct{ Type, URL string }
	}
	var boards struct {
		Providers []struct{ Options struct{ Path string } }
	}
	provisioned(t, "datasources/prometheus.yml", &sources)
	provisioned(t, "dashboards/voicerelay.yml", &boards)
	if got := sources.Datasources; len(got) != 1 || got[0].Type != "prometheus" || got[0].URL != "http://prometheus:9090" {
		t.Errorf("sources of data: %+v", got)
	}
	mounted := "./deploy/grafana/dashboards:" + boards.Providers[0].Options.Path + ":ro"
	if !slices.Contains(file.Services["grafana"].Volumes, mounted) {
		t.Errorf("no volume %s", mounted)
	}
}

// provisioned reads a file of Grafana's provisioning.
func provisioned(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/grafana/provisioning/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

// Go collects garbage before the kernel ends the process.
func TestComposeLeavesGoLessThanTheContainer(t *testing.T) {
	for _, name := range []string{"relay-1", "relay-2"} {
		s := composed(t).Services[name]
		limit, inner := mebibytes(t, s.MemLimit), mebibytes(t, s.Environment["GOMEMLIMIT"])
		if inner < limit/2 || inner > limit*9/10 {
			t.Errorf("%s: GOMEMLIMIT is %d MiB of %d, want half to nine tenths", name, inner, limit)
		}
	}
}

func mebibytes(t *testing.T, size string) int {
	t.Helper()
	parts := regexp.MustCompile(`^(\d+)(g|m|MiB|GiB)$`).FindStringSubmatch(size)
	if parts == nil {
		t.Fatalf("%q is no size", size)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if strings.EqualFold(parts[2][:1], "g") {
		n *= 1024
	}
	return n
}

func TestComposeKeepsClientsFromWhatIsTheOperators(t *testing.T) {
	s, _ := composedSettings(t, composed(t))
	if len(s.Keys) != 2 || s.Keys[0].Name != "agents" || s.Keys[0].Admin || !s.Keys[1].Admin || s.Keys[0].Hash == s.Keys[1].Hash {
		t.Errorf("keys %+v, want one that is no admin's and one that is", s.Keys)
	}
}

// Redis lets in who has the password, and only relays reach it at all. tests/compose_test.go tries it.
func TestComposeClosesRedis(t *testing.T) {
	file := composed(t)
	s, _ := composedSettings(t, file)
	options, err := config.ParseRedis(s.Books.Redis.URL)
	if err != nil || options.Addrs[0] != "redis:6379" || options.Username != "relay" || options.Password != "0123456789abcdef" {
		t.Errorf("Redis is at %+v, %v", options, err)
	}
	redis := file.Services["redis"]
	if len(redis.Ports) > 0 || !slices.Equal(redis.Networks, []string{"store"}) || !file.Networks["store"].Internal {
		t.Errorf("ports %v, networks %v of %+v; want the inner one alone", redis.Ports, redis.Networks, file.Networks)
	}
	if script := redis.Command[len(redis.Command)-1]; !strings.Contains(script, "user default off") || regexp.MustCompile(`>\$\$?REDIS`).MatchString(script) {
		t.Errorf("the command is %q", script)
	}
	if redis.User == "" || strings.HasPrefix(redis.User, "0") {
		t.Errorf("Redis runs as %q", redis.User)
	}
}
