package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/tone"
)

// everySecret is a configuration in which everything that may be secret is: the keys of clients and of vendors, passwords, and
// what comes from the environment and from files.
const everySecret = `
listen: "127.0.0.1:${PORT}"
redis: {url: "redis://user:secret-redis@127.0.0.1:6379"}
keys:
  - {name: one, tenant: acme, key: secret-one-0123456789, next_key: "${NEXT}"}
  - {name: two, tenant: acme, key_sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", next_key_sha256: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752", limits: {max_concurrent_generations: 64}}
providers:
  vogent: {adapter: vogent, url: wss://api.vogent.ai, api_key: "${file:/secret}", options: {streams_per_socket: 3}}
  literal: {adapter: vogent, url: wss://api.vogent.ai, api_key: secret-literal}
  silent: {adapter: vogent, url: wss://api.vogent.ai, api_key: "${NOTHING}"}
  program: {adapter: command, options: {command: [speak, "--token", "${TOKEN}"]}}
routes: {default: {targets: [{provider: vogent}, {provider: program}]}}
voices: {narrator: {language: en, ids: {vogent: v1, program: p1}}}
`

// vendorOptions and programOptions are those of drivers as there are.
type vendorOptions struct {
	StreamsPerSocket int           `yaml:"streams_per_socket"`
	Idle             time.Duration `yaml:"idle"`
}

type programOptions struct {
	Command []string `yaml:"command"`
}

func testDrivers() []upstream.Driver {
	return []upstream.Driver{
		upstream.NewDriver("vogent", vendorOptions{Idle: time.Minute}, func(_ vendorOptions, env upstream.Env) (*tone.Provider, error) {
			return tone.New(tone.Config{}, env), nil
		}),
		upstream.NewDriver("command", programOptions{}, func(_ programOptions, env upstream.Env) (*tone.Provider, error) {
			return tone.New(tone.Config{}, env), nil
		}),
	}
}

// What is in force is told with every default, and without a secret.
func TestInForceTellsNoSecret(t *testing.T) {
	env := Environment{
		Lookup: func(name string) (string, bool) {
			value, ok := map[string]string{"PORT": "8080", "NEXT": "secret-next-0123456789", "NOTHING": "", "TOKEN": "secret-token"}[name]
			return value, ok
		},
		Read:    func(string) (string, error) { return "secret-file", nil },
		Find:    func(program string) (string, error) { return "/bin/" + program, nil },
		Drivers: testDrivers(),
	}
	s, _, err := Parse("config.yaml", []byte(everySecret), env)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s.InForce)
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`secret-[a-z]+|9f86d081|60303ae2`).FindAllString(string(text), -1); found != nil {
		t.Errorf("tells %q: %s", found, text)
	}
	for _, want := range []string{
		`"listen":"127.0.0.1:${PORT}"`, `"shutdown_grace":"20s"`, `"url":"***"`, `"api_key":"***"`, `"key_sha256":"***"`,
		`"streams_per_socket":3`, `"idle":"`, `"max_concurrent_generations":64`, `"command":["speak","--token","${TOKEN}"]`,
		`"name":"vogent"`, `"retention":"9600h0m0s"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("has no %s: %s", want, text)
		}
	}
	left := make(map[string]any)
	for _, p := range s.InForce["providers"].([]any) {
		entry := p.(map[string]any)
		left[entry["name"].(string)] = entry["left_out"]
	}
	if got := fmt.Sprint(left); got != "map[literal:false program:false silent:true vogent:false]" {
		t.Errorf("left out: %s", got)
	}
}

// What needs a restart is told as it is, not as the file has it.
func TestInForceKeepsWhatNeedsARestart(t *testing.T) {
	parse := func(source string) *Settings {
		s, _, err := Parse("config.yaml", []byte(source), Environment{
			Lookup: func(string) (string, bool) { return "", false }, Drivers: testDrivers(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const rest = "\nproviders: {tone: {adapter: vogent}}\nroutes: {default: {targets: [{provider: tone}]}}\nvoices: {v: {ids: {tone: t}}}\n"
	running := parse("listen: 127.0.0.1:1\nshutdown_grace: 1s" + rest)
	kept := parse("listen: 127.0.0.1:2\nshutdown_grace: 2s"+rest).KeepFixed(running, zerolog.Nop())
	if shown := kept.InForce; shown["listen"] != "127.0.0.1:1" || shown["shutdown_grace"] != "2s" || fmt.Sprint(kept.Pending) != "[listen]" {
		t.Errorf("listen %v, shutdown_grace %v, pending %v", shown["listen"], shown["shutdown_grace"], kept.Pending)
	}
}
