package config

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/command"
)

// programFile has a provider for each of two programs.
const programFile = `providers:
  there: {adapter: fake, options: {command: [speak, "{voice}"]}}
  missing: {adapter: fake, options: {command: [/opt/mumble]}}
routes:
  default:
    targets: [{provider: there}, {provider: missing}]
voices:
  narrator: {language: en, ids: {there: low, missing: any}}
  caller: {language: en, ids: {there/large: high, there: low}}
`

func TestAProviderWithoutItsProgramIsLeftOut(t *testing.T) {
	s, warnings, err := Parse("c.yaml", []byte(programFile), fakeEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Providers) != 1 || s.Providers[0].Name != "there" || len(s.Routing.Routes[0].Targets) != 1 {
		t.Errorf("providers %+v and targets %+v, want the one whose program is there", s.Providers, s.Routing.Routes[0].Targets)
	}
	want := "c.yaml:3:3: providers.missing: is left out: its program /opt/mumble is not installed"
	if len(warnings) == 0 || warnings[0].String() != want {
		t.Errorf("warnings %v, want %q first", warnings, want)
	}
	if got, want := s.Providers[0].Env.Voices, []string{"high", "low"}; !slices.Equal(got, want) {
		t.Errorf("voices %q, want those that the file names for the provider: %q", got, want)
	}
}

func TestARouteOfMissingProgramsIsAFault(t *testing.T) {
	file := strings.Replace(programFile, "[{provider: there}, {provider: missing}]", "[{provider: missing}]", 1)
	_, _, err := Parse("c.yaml", []byte(file), fakeEnvironment())
	if err == nil || !strings.Contains(err.Error(), "routes.default.targets: none is left") {
		t.Errorf("got %v, want a fault of the route", err)
	}
}

func TestTextIsRefusedAsAnArgument(t *testing.T) {
	env := fakeEnvironment()
	env.Drivers, env.Find = []upstream.Driver{command.Driver}, exec.LookPath
	file := strings.NewReplacer("adapter: fake", "adapter: command", "/opt/mumble", `espeak-ng, "{text}"`).Replace(programFile)
	_, _, err := Parse("c.yaml", []byte(file), env)
	want := "providers.missing.options: command[1]: {text} must not be an argument"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
