package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"voicerelay/config"
	"voicerelay/limits"
	"voicerelay/routing"
)

const examplePath = "../../config.yaml"

// The file that is shipped starts on a machine where nothing is set.
func TestExampleStartsWithNothingSet(t *testing.T) {
	bare := configEnvironment()
	bare.Lookup = func(string) (string, bool) { return "", false }
	s, warnings, err := config.Load(examplePath, bare)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Providers) != 1 || s.Providers[0].Name != "tone" {
		t.Errorf("providers = %+v, want tone alone", s.Providers)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].String(), "providers.kugelaudio: is left out") {
		t.Errorf("warnings = %v, want one that kugelaudio is left out", warnings)
	}
	if _, err := routing.New(s.Routing); err != nil {
		t.Errorf("its routes: %v", err)
	}
}

// With everything in it that is commented out, the file is valid too, and says what the defaults are.
func TestExampleIsRightInItsComments(t *testing.T) {
	source, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	option := regexp.MustCompile(`(?m)^( *)#([a-z].*|  .*)$`)
	full := option.ReplaceAllString(string(source), "$1$2")
	full = regexp.MustCompile(`(?m)^tls: .*$`).ReplaceAllString(full, "") // names files that are not there
	env := configEnvironment()
	env.Lookup = func(name string) (string, bool) {
		if name == "WEBHOOK_SECRET" {
			return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true
		}
		return "a-key-of-some-length", true
	}
	env.Find = func(program string) (string, error) { return "/usr/bin/" + program, nil }
	s, warnings, err := config.Parse("config.yaml", []byte(full), env)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Errorf("warnings: %v", warnings)
	}
	if len(s.Keys) != 2 {
		t.Errorf("%d keys, want 2", len(s.Keys))
	}
	var shown, all []string
	for _, p := range s.Providers {
		shown = append(shown, p.Driver.Name())
	}
	for _, d := range drivers() {
		all = append(all, d.Name())
	}
	slices.Sort(shown)
	slices.Sort(all)
	if !slices.Equal(shown, all) {
		t.Errorf("it shows providers of %v, want one of each of %v", shown, all)
	}
	if s.Limits != limits.Default() {
		t.Errorf("limits = %+v, want the defaults", s.Limits)
	}
	if got, want := s.Routing.Routes[0].Pace, routing.DefaultPace(); !reflect.DeepEqual(got, want) {
		t.Errorf("pace = %+v, want the default %+v", got, want)
	}
	if s.Circuit != routing.DefaultCircuit() {
		t.Errorf("circuit = %+v, want the default", s.Circuit)
	}
}
