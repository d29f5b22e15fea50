package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// keyView and providerView are keys and providers as a golden file shows them: hashes in hexadecimal, options
// decoded, and no secret but its length.
type keyView struct {
	Name, Tenant       string
	SHA256, NextSHA256 string
	Expires            time.Time
	Admin, Strict      bool
	Limits             limits.Config
	TenantLimits       limits.Tenant
	Allow              routing.Allow
	Budget, OwnBudget  limits.Budget
	AllowUnpriced      bool
	AlertAt, OwnAlert  []limits.Fraction
}

func viewKey(k KeySettings) keyView {
	return keyView{
		k.Name, k.Tenant, hex.EncodeToString(k.Hash[:]), hex.EncodeToString(k.NextHash[:]), k.Expires, k.Admin, k.Strict, k.Limits, k.TenantLimits, k.Allow,
		k.Budget, k.OwnBudget, k.AllowUnpriced, k.AlertAt, k.OwnAlertAt,
	}
}

type providerView struct {
	Name, Adapter, URL  string
	KeyLength           int
	MaxConcurrent, Warm int
	Options             fakeOptions
	Budget              limits.Bounded
}

func viewProvider(t *testing.T, p ProviderSettings) providerView {
	t.Helper()
	options := fakeOptions{Rate: 24000}
	if err := p.Options(&options); err != nil {
		t.Fatal(err)
	}
	env := p.Env
	return providerView{p.Name, p.Driver.Name(), env.URL, len(env.APIKey.Reveal()), p.MaxConcurrent, env.Warm, options, p.Budget}
}

// view is settings as a golden file shows them.
func view(t *testing.T, s *Settings) []byte {
	t.Helper()
	shown := make(map[string]any)
	value := reflect.ValueOf(*s)
	for i := range value.NumField() {
		shown[value.Type().Field(i).Name] = value.Field(i).Interface()
	}
	var keys []keyView
	for _, k := range s.Keys {
		keys = append(keys, viewKey(k))
	}
	var providers []providerView
	for _, p := range s.Providers {
		providers = append(providers, viewProvider(t, p))
	}
	shown["Keys"], shown["Local"], shown["Providers"] = keys, viewKey(s.Local), providers
	shown["Prices"] = s.Prices.Hash()
	text, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s (rewrite it with -update):\n%s", path, got)
	}
}

func loadFull(t *testing.T) (*Settings, []Warning) {
	t.Helper()
	source, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, warnings, err := Parse("full.yaml", source, fakeEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	return s, warnings
}

func TestEveryKeyIsTaken(t *testing.T) {
	s, _ := loadFull(t)
	checkGolden(t, "full.golden.json", view(t, s))
	cost := s.Prices.Price("first", "m/1", billing.Usage{Audio: 10 * time.Second})
	if got, want := cost.Money.String(), "0.009000 EUR"; got != want {
		t.Errorf("ten seconds at first cost %s, want %s", got, want)
	}
}

// Nothing that a configuration has in secret shows, however it is printed.
func TestSecretsDoNotPrint(t *testing.T) {
	s, warnings := loadFull(t)
	for _, printed := range []string{
		fmt.Sprintf("%v", s), fmt.Sprintf("%+v", *s), fmt.Sprintf("%#v", s.Providers), fmt.Sprint(warnings), string(view(t, s)),
	} {
		if strings.Contains(printed, "sk-secret") {
			t.Errorf("a secret shows in %s", printed)
		}
	}
	if got, want := s.Keys[0].Hash, sha256.Sum256([]byte("sk-secret-value-of-a-key")); got != want {
		t.Errorf("the key's hash = %x, want %x", got, want)
	}
}

func TestWarningsOfTheFullFile(t *testing.T) {
	_, warnings := loadFull(t)
	var got []string
	for _, w := range warnings {
		got = append(got, w.String())
	}
	want := []string{
		"full.yaml:30:5: keys[1].tenant: unlisted is not listed under tenants, so it has no budget, no limits of its own, and all routes and voices",
		"full.yaml:42:5: providers.first.budget: has no price in USD of first/m/1: what that costs counts only where the vendor tells it",
		"full.yaml:49:3: providers.keyless: is left out: its api_key expands to nothing",
		"full.yaml:50:3: providers.emptied: is left out: its api_key expands to nothing",
		"full.yaml:68:9: voices.zed.ids: has none for first/m/1, second, so route default never speaks with this voice there",
		"full.yaml:71:5: voices.narrator.ids: has none for keyless/m, so route default never speaks with this voice there",
	}
	if !slices.Equal(got, want) {
		t.Errorf("warnings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func mustParse(t *testing.T, source string) (*Settings, []Warning) {
	t.Helper()
	s, warnings, err := Parse("f.yaml", []byte(source), fakeEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	return s, warnings
}

func TestADocumentMayBeMarked(t *testing.T) {
	mustParse(t, "---\n"+least+"...\n")
	mustParse(t, "# a comment\n%YAML 1.2\n---\n"+least)
	mustParse(t, "\ufeff"+strings.ReplaceAll(least, "\n", "\r\n"))
}

func TestDefaults(t *testing.T) {
	s, warnings := mustParse(t, least)
	if len(warnings) > 0 {
		t.Errorf("warnings of the smallest file: %v", warnings)
	}
	if s.Limits != limits.Default() || s.ShutdownGrace != 20*time.Second || s.LogConsole || s.LogLevel.String() != "info" {
		t.Errorf("settings = %+v, want the defaults", s)
	}
	want := routing.DefaultRoute()
	want.Name, want.Targets = "default", []routing.Target{{Provider: "one"}}
	if got := s.Routing.Routes[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("route = %+v, want %+v", got, want)
	}
	if local := s.Local; !s.Open() || local.Tenant != "local" || !local.Allow.Raw || !local.Admin || local.Limits != s.Limits {
		t.Errorf("without keys: %+v, want raw and admin for the tenant local", local)
	}
}

// A route that states its own schedule must not write into the default that the next one starts from.
func TestDefaultsAreNotShared(t *testing.T) {
	s, _ := mustParse(t, strings.Replace(least, "voices:",
		"    chunk_schedule: [1, 2, 3]\n  other:\n    targets: [{provider: one}]\nvoices:", 1))
	if got, want := s.Routing.Routes[1].ChunkSchedule, routing.DefaultPace().ChunkSchedule; !slices.Equal(got, want) {
		t.Errorf("the other route's chunk_schedule = %v, want %v", got, want)
	}
}

func TestLoopbackWithoutKeys(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "127.8.9.1:80", "localhost:8080", "\"[::1]:8080\""} {
		mustParse(t, strings.Replace(least, "127.0.0.1:8080", address, 1))
	}
	mustParse(t, strings.Replace(least, "127.0.0.1:8080", "0.0.0.0:8080", 1)+"keys: [{name: a, tenant: t, key: \"${KEY}\"}]\n")
}

func TestTheLocalTenantMayHaveLimits(t *testing.T) {
	s, warnings := mustParse(t, least+"tenants: {local: {limits: {max_concurrent_generations: 3}}}\n")
	if got := s.Local.TenantLimits.MaxConcurrentGenerations; got != 3 || len(warnings) > 0 {
		t.Errorf("limit = %d, warnings %v; want 3 and none", got, warnings)
	}
}

func inDays(n int) string { return time.Now().AddDate(0, 0, n).Format(time.RFC3339) }

func TestWarnings(t *testing.T) {
	cases := []struct{ name, source, want string }{
		{"no default route", strings.Replace(least, "default:", "main:", 1), "f.yaml:4:1: routes: none is named default"},
		{"short key", least + "keys: [{name: a, tenant: t, key: hunter2}]\n", "f.yaml:9:29: keys[0].key: is shorter than 16 characters"},
		{"no Redis after all", least + "redis: {url: \"${EMPTY}\"}\n", "f.yaml:9:9: redis.url: is empty"},
		{"expired key", least + "keys: [{name: a, tenant: t, key: \"${KEY}\", expires: 2026-01-01T00:00:00Z}]\n", "f.yaml:9:44: keys[0].expires: is over"},
		{"key that expires soon", least + "keys: [{name: a, tenant: t, key: \"${KEY}\", expires: " + inDays(6) + "}]\n", "f.yaml:9:44: keys[0].expires: is in less than a week"},
		{"short next key", least + "keys: [{name: a, tenant: t, key: \"${KEY}\", next_key: hunter2}]\n", "f.yaml:9:44: keys[0].next_key: is shorter than 16 characters"},
		{"a proxy before a relay without keys", least + "trusted_proxies: [10.0.0.1/32]\n", "f.yaml:9:1: trusted_proxies: says nothing here"},
		{"tenant without a key", least + "tenants: {acme: {}}\n", "f.yaml:9:11: tenants.acme: no key has this tenant"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, warnings := mustParse(t, c.source)
			if len(warnings) != 1 || !strings.HasPrefix(warnings[0].String(), c.want) {
				t.Errorf("warnings = %v, want %s", warnings, c.want)
			}
		})
	}
}

func TestLoadConfigFromDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	_, _, err := Load(path, Environment{Lookup: os.LookupEnv, Read: ReadSecret})
	if want := path + ": no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("a missing file: %v, want %s", err, want)
	}
	if err := os.WriteFile(path, make([]byte, maxConfigFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err = Load(path, Environment{Lookup: os.LookupEnv, Read: ReadSecret}); err == nil || !strings.Contains(err.Error(), "is longer than 262144 bytes") {
		t.Errorf("a huge file: %v, want its length refused", err)
	}
}
