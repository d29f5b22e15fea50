package main

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// The configuration within docker-compose.yml is one that a relay takes as it is, and each relay has its own ledger.
func TestComposeStartsWithAKeyAlone(t *testing.T) {
	source, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct{ Volumes, Ports []string }
		Configs  map[string]struct{ Content string }
	}
	if err := yaml.Unmarshal(source, &file); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(file.Configs["relay"].Content, "$$", "$")
	lookup := func(name string) (string, bool) { // as compose sets them where only RELAY_KEY is given
		return map[string]string{"RELAY_KEY": "a-key-of-some-length"}[name], true
	}
	s, warnings, err := parseConfig("compose", []byte(text), environment{lookup: lookup, read: readSecret, drivers: drivers()})
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].String(), "providers.kugelaudio: is left out") {
		t.Errorf("warnings %v, want that kugelaudio has no key", warnings)
	}
	if options, err := parseRedis(s.Books.Redis.URL); err != nil || options.Addrs[0] != "redis:6379" {
		t.Errorf("Redis is at %+v, %v", options, err)
	}
	first, second := file.Services["relay-1"], file.Services["relay-2"]
	if len(first.Volumes) != 1 || len(second.Volumes) != 1 || first.Volumes[0] == second.Volumes[0] || first.Ports[0] == second.Ports[0] {
		t.Errorf("volumes %v and %v, ports %v and %v: want each its own", first.Volumes, second.Volumes, first.Ports, second.Ports)
	}
	if folder := first.Volumes[0][strings.Index(first.Volumes[0], ":")+1:]; !strings.HasPrefix(s.Books.Ledger.Path, folder+"/") {
		t.Errorf("the ledger %s is not on the volume %s", s.Books.Ledger.Path, folder)
	}
}
