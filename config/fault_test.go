package config

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/tone"
)

// fakeOptions are the options of the fake driver, of every kind that a field can have.
type fakeOptions struct {
	Transport string
	Rate      int      `yaml:"rate"`
	Factor    *float64 `yaml:"factor"`
	Command   []string `yaml:"command"`
}

// Validate refuses one transport, as drivers do.
func (o *fakeOptions) Validate() error {
	if o.Transport != "" && o.Transport != "websocket" {
		return errors.New("transport: must be websocket")
	}
	return nil
}

// Program is what the fake driver runs, if anything.
func (o *fakeOptions) Program() string {
	if len(o.Command) == 0 {
		return ""
	}
	return o.Command[0]
}

// fakeEnvironment has the fake driver, a few variables, one file and one program.
func fakeEnvironment() Environment {
	open := func(_ fakeOptions, env upstream.Env) (upstream.Provider, error) {
		if env.URL != "" {
			if _, err := env.Base(); err != nil {
				return nil, err
			}
		}
		return tone.New(tone.Config{}, env), nil
	}
	variables := map[string]string{"KEY": "sk-secret-value-of-a-key", "EMPTY": "", "N": "7", "DAYS": "1d"}
	return Environment{
		Dialects: map[string]string{"acoustic": "/acoustic/v1", "other": "/other", "bare": ""},
		Lookup:   func(name string) (string, bool) { v, ok := variables[name]; return v, ok },
		Read: func(path string) (string, error) {
			if path == "/run/secrets/key" {
				return "sk-secret-of-a-file", nil
			}
			return "", errors.New("no such file")
		},
		Find: func(program string) (string, error) {
			if program == "speak" {
				return "/bin/speak", nil
			}
			return "", errors.New("not found")
		},
		Drivers: []upstream.Driver{upstream.NewDriver("fake", fakeOptions{Rate: 24000}, open).WithVoicesInPath()},
	}
}

// least is the smallest file that is valid: eight lines.
const least = `listen: 127.0.0.1:8080
providers:
  one: {adapter: fake}
routes:
  default:
    targets: [{provider: one}]
voices:
  narrator: {language: en, ids: {one: low}}
`

func TestFaults(t *testing.T) {
	cases := []struct {
		name string
		old  string // in least, replaced by text; empty: text comes after it, from line 9 on
		text string
		want []string
	}{
		// The file itself.
		{"syntax", "", "keys: [\n", []string{"9:7: sequence end token ']' not found"}},
		{"tab", "", "log:\n\tlevel: info\n", []string{"10:1: found character '\t' that cannot start any token"}},
		{"nested without end", "", "hosts: " + strings.Repeat("[", 1000), []string{"9:40: is nested too deeply"}},
		{"listed without end", "", "hosts:\n" + strings.Repeat("- ", 1000), []string{"10:65: is nested too deeply"}},
		{"second document", "", "---\nlisten: x\n", []string{"9:1: begins a second document"}},
		{"document behind an empty one", "", "---\n---\nlisten: x\n", []string{"9:1: begins a second document"}},
		{"something behind the end", "", "...\nhosts: [a]\n", []string{"9:1: begins a second document"}},
		{"a list", least, "- listen\n", []string{
			"f.yaml: must be a mapping", "f.yaml: providers: must have at least one", "f.yaml: routes: must have at least one",
		}},
		{"nothing", least, "", []string{"f.yaml: providers: must have at least one", "f.yaml: routes: must have at least one"}},
		{"unknown key", "", "listn: x\n", []string{"9:1: listn: unknown key; there are: listen, admin_listen, "}},
		{"unknown key within", "", "tls:\n  certificate: x\n", []string{"10:3: tls.certificate: unknown key; there are: cert, key"}},
		{"repeated key", "", "hosts: [a]\nhosts: [b]\n", []string{"10:1: hosts: is there twice"}},
		{"repeated name", "providers:\n", "providers:\n  one: {adapter: fake}\n", []string{"4:3: providers.one: is there twice"}},
		{"key that is no text", "", "1: x\n", []string{"9:1: a key must be text"}},
		{"merge key", "", "<<: {listen: x}\n", []string{"9:1: a key must be text"}},
		{"anchor", "", "hosts: &h [a]\norigins: *h\n", []string{
			"9:1: hosts: anchors, aliases and tags are not supported", "10:1: origins: anchors, aliases and tags are not supported",
		}},
		{"bad name", "  narrator:", "  \"a/b\": {ids: {one: low}}\n  narrator:", []string{"8:3: voices.a/b: a name has 1 to 64"}},
		// Values.
		{"text for a number", "", "limits:\n  buffer: 30s\n  max_connections: many\n", []string{"11:3: limits.max_connections: must be a whole number"}},
		{"quoted number", "", "limits: {max_connections: \"5\"}\n", []string{"9:10: limits.max_connections: must be a whole number"}},
		{"fraction", "", "limits: {max_connections: 1.5}\n", []string{"9:10: limits.max_connections: must be a whole number"}},
		{"number for text", "", "hosts: [1]\n", []string{"9:9: hosts[0]: must be text: put it in quotes"}},
		{"duration without unit", "", "shutdown_grace: 20\n", []string{"9:1: shutdown_grace: must be a duration"}},
		{"negative duration", "", "shutdown_grace: -1s\n", []string{"9:1: shutdown_grace: must be a duration"}},
		{"no value", "listen: 127.0.0.1:8080", "listen:", []string{"1:1: listen: has no value"}},
		{"mapping for a list", "", "hosts: {a: b}\n", []string{"9:1: hosts: must be a list"}},
		{"list for a mapping", "", "log: [info]\n", []string{"9:1: log: must be a mapping"}},
		{"list for text", "listen: 127.0.0.1:8080", "listen: [a]", []string{"1:1: listen: must be text"}},
		{"yes for true", "", "tenants:\n  a:\n    allow: {raw: yes}\n", []string{"11:13: tenants.a.allow.raw: must be true or false"}},
		{"variable that is not set", "", "hosts:\n  - a\n  - \"${NOWHERE}\"\n", []string{"11:5: hosts[1]: the environment has no NOWHERE"}},
		{"file that can't be read", "", "hosts: [\"${file:/nowhere}\"]\n", []string{"9:9: hosts[0]: ${file:…}: no such file"}},
		{"reference without an end", "", "hosts: [\"${KEY\"]\n", []string{"9:9: hosts[0]: ${ without a closing }"}},
		// The process.
		{"address without a port", "127.0.0.1:8080", "localhost", []string{"1:1: listen: must be host:port"}},
		{"port out of range", "127.0.0.1:8080", "localhost:70000", []string{"1:1: listen: the port must be 0 to 65535"}},
		{"open to the world", "127.0.0.1:8080", "0.0.0.0:8080", []string{"1:1: listen: must be a loopback address where no keys are configured"}},
		{"open on all addresses", "127.0.0.1:8080", "\":8080\"", []string{"1:1: listen: must be a loopback address where no keys are configured"}},
		{"admin on the same address", "", "admin_listen: 127.0.0.1:8080\n", []string{"9:1: admin_listen: is the same address as listen"}},
		{"admin on all addresses", "", "admin_listen: 0.0.0.0:8080\n", []string{"9:1: admin_listen: is the same address as listen"}},
		{"host with a port", "", "hosts: [\"a:80\"]\n", []string{"9:9: hosts[0]: must be a host name or address, without a port"}},
		{"origin with a path", "", "origins:\n- https://a.example/x\n", []string{"10:3: origins[0]: must be a scheme and a host"}},
		{"origin of any page", "", "origins: [\"*\"]\n", []string{"9:11: origins[0]: must be a scheme and a host"}},
		{"log", "", "log: {level: loud, format: xml}\n", []string{"9:7: log.level: must be debug", "9:20: log.format: must be json or console"}},
		{"half a certificate", "", "tls:\n  cert: a.pem\n", []string{"9:1: tls.key: is missing beside tls.cert"}},
		{"no certificate", "", "tls:\n  cert: /nowhere/a.pem\n  key: /nowhere/b.pem\n", []string{"9:1: tls: open /nowhere/a.pem: no such file"}},
		{"memory without unit", "", "memory_limit: \"512\"\n", []string{"9:1: memory_limit: must be a size"}},
		{"too little memory", "", "memory_limit: 8MiB\n", []string{"9:1: memory_limit: must be a size"}},
		{"shutdown", "", "shutdown_grace: 2h\n", []string{"9:1: shutdown_grace: must be 0s to 1h0m0s, not 2h0m0s"}},
		// Providers.
		{"unknown adapter", "adapter: fake", "adapter: flake", []string{`3:9: providers.one.adapter: unknown adapter "flake"; there are: fake`}},
		{"no adapter", "adapter: fake", "warm: 1", []string{"3:3: providers.one.adapter: is missing; there are: fake"}},
		{"a share", "adapter: fake", "adapter: fake, max_concurrent_per_tenant: -1", []string{
			"3:24: providers.one.max_concurrent_per_tenant: must be 0 to 100000",
		}},
		{"socket numbers", "adapter: fake", "adapter: fake, warm: -1, max_concurrent: 1000000", []string{
			"3:24: providers.one.warm: must be 0 to 1000, not -1", "3:34: providers.one.max_concurrent: must be 0 to 100000",
		}},
		{"vendor's address", "adapter: fake", "adapter: fake, url: \"wss://user:hunter2@host\"", []string{"3:24: providers.one.url: must be a ws, wss, http, https, tcp or unix address without user"}},
		{"unknown option", "adapter: fake", "adapter: fake, options: {transprt: x}", []string{"3:34: providers.one.options.transprt: unknown key; there are: transport, rate, factor, command"}},
		{"option of a wrong type", "adapter: fake", "adapter: fake, options: {rate: high, factor: x}", []string{
			"3:34: providers.one.options.rate: must be a whole number", "3:46: providers.one.options.factor: must be a number",
		}},
		{"option that the driver refuses", "adapter: fake", "adapter: fake, options: {transport: pigeon}", []string{"3:24: providers.one.options: transport: must be websocket"}},
		{"vendor's address of another kind", "adapter: fake", "adapter: fake, url: \"https://host\"", []string{"3:24: providers.one.url: must be ws://host or wss://host"}},
		// Routes and voices.
		{"unknown provider in a route", "provider: one}", "provider: one}, {provider: two, model: m}", []string{`6:33: routes.default.targets[1].provider: unknown provider "two"`}},
		{"target without a provider", "{provider: one}", "{model: m}", []string{"6:15: routes.default.targets[0].provider: is missing"}},
		{"route without targets", "    targets: [{provider: one}]", "    max_attempts: 2", []string{"5:3: routes.default.targets: must have at least one"}},
		{"unknown voice in a route", "    targets", "    voice: nobody\n    targets", []string{`6:5: routes.default.voice: unknown voice "nobody"`}},
		{"route's pace", "    targets", "    strategy: random\n    stall_timeout: 0\n    chunk_schedule: [0]\n    targets", []string{
			"6:5: routes.default.strategy: must be priority or fastest", "7:5: routes.default.stall_timeout: must be 1ms to 1m0s, not 0s",
			"8:22: routes.default.chunk_schedule[0]: must be 1 to 10000, not 0",
		}},
		{"provider without its key in a route", "adapter: fake", "adapter: fake, api_key: \"${NOWHERE}\"", []string{"6:5: routes.default.targets: none is left"}},
		{"voice of an unknown provider", "one: low", "one: low, \"two/m\": x", []string{`8:44: voices.narrator.ids.two/m: unknown provider "two"`}},
		{"voice that leads elsewhere in a URL", "one: low", "one: ../admin", []string{`8:34: voices.narrator.ids.one: has one of / \ % ? #`}},
		{"number for a voice", "one: low", "one: 1071", []string{"8:34: voices.narrator.ids.one: must be text: put it in quotes"}},
		{"voice's language", "language: en", "language: english_uk", []string{"8:14: voices.narrator.language: must be a BCP 47 tag"}},
		{"no voice that fits", "voices:\n  narrator: {language: en, ids: {one: low}}\n", "", []string{"5:3: routes.default: no voice has an id for any of its targets"}},
		// Limits, prices and what comes later.
		{"limits", "", "limits:\n  max_message_bytes: 1\n  idle_timeout: 0\n", []string{
			"10:3: limits.max_message_bytes: must be 1024 to 16777216, not 1", "11:3: limits.idle_timeout: must be 1s to 24h0m0s, not 0s",
		}},
		{"price", "", "prices:\n  - {provider: two, unit: word, amount: \"-1\", currency: euro}\n", []string{
			`10:6: prices[0].provider: unknown provider "two"`, "10:21: prices[0].unit: must be one of [audio_second audio_minute audio_hour character utf16_unit character_chinese_twice byte request token]",
			"10:33: prices[0].amount: negative amount", "10:47: prices[0].currency: must be a currency of ISO 4217",
		}},
		{"amount that is a float", "", "prices:\n- {provider: one, unit: byte, amount: 0.1, currency: EUR}\n", []string{"10:31: prices[0].amount: must be text"}},
		{"price in no currency", "", "prices:\n- {provider: one, unit: byte, amount: \"1\", currency: XQZ}\n", []string{"10:44: prices[0].currency: must be a currency of ISO 4217"}},
		{"two prices", "", "prices:\n- {provider: one, unit: byte, amount: \"1\", currency: EUR}\n- {provider: one, model: \"*\", unit: request, amount: \"1\", currency: EUR}\n", []string{"11:3: prices[1]: is a second price for one"}},
		{"circuit", "", "circuit: {failure_ratio: 2, window: 1ms}\n", []string{
			"9:11: circuit.failure_ratio: must be 0.01 to 1, not 2", "9:29: circuit.window: must be 100ms to 1h0m0s, not 1ms",
		}},
		{"ledger", "", "ledger: {path: \"\", retention: 1h}\n", []string{"9:10: ledger.path: is empty", "9:20: ledger.retention: must be 1d to 3650d"}},
		{"ledger that is a folder", "", "ledger: {path: /}\n", []string{"9:10: ledger.path: is no file"}},
		{"budget of nothing", "", "tenants:\n  local:\n    budget: {monthly: \"0.0000001\", currency: EUR}\n", []string{"11:14: tenants.local.budget.monthly: must be more than 0"}},
		{"redis", "", "redis: {url: \"http://:hunter2@host\"}\n", []string{"9:9: redis.url: must be redis://host:port"}},
		// Keys and tenants.
		{"key without anything", "", "keys:\n  - {}\n", []string{"10:5: keys[0].name: is missing", "10:5: keys[0].tenant: is missing", "10:5: keys[0]: must have key or key_sha256"}},
		{"key that is not set", "", "keys:\n- {name: a, tenant: t, key: \"${NOWHERE}\"}\n", []string{"10:24: keys[0].key: expands to nothing"}},
		{"key twice over", "", "keys:\n- {name: a, tenant: t, key: \"${KEY}\", key_sha256: x}\n", []string{"10:3: keys[0]: must have either key or key_sha256, not both"}},
		{"short hash", "", "keys:\n- {name: a, tenant: t, key_sha256: 9f86}\n", []string{"10:24: keys[0].key_sha256: must be 64 hexadecimal digits"}},
		{"key that no header can bear", "", "keys:\n- {name: a, tenant: t, key: \"hunter2 hunter2 hunter2\"}\n", []string{"10:24: keys[0].key: has a character that can't stand in a header"}},
		{"two keys alike", "", "keys:\n- {name: a, tenant: t, key: \"${KEY}\"}\n- {name: a, tenant: \"{u}\", key: \"${KEY}\"}\n", []string{
			"11:3: keys[1]: is the same key as a", "11:4: keys[1].name: is the name of another key too", "11:13: keys[1].tenant: must be 1 to 64 letters",
		}},
		{"next key twice over", "", "keys:\n- {name: a, tenant: t, key: \"${KEY}\", next_key: x, next_key_sha256: y}\n", []string{"10:3: keys[0]: must have either next_key or next_key_sha256, not both"}},
		{"next key alone", "", "keys:\n- {name: a, tenant: t, next_key: \"${KEY}\"}\n", []string{"10:3: keys[0]: must have key or key_sha256"}},
		{"next key that is the key", "", "keys:\n- {name: a, tenant: t, key: \"${KEY}\", next_key: \"${KEY}\"}\n", []string{"10:3: keys[0]: has the same key for its next one"}},
		{"next key of another", "", "keys:\n- {name: a, tenant: t, key: \"${KEY}\"}\n- {name: b, tenant: t, key: 0123456789abcdef, next_key: \"${KEY}\"}\n", []string{"11:3: keys[1]: is the same key as a"}},
		{"short hash of the next key", "", "keys:\n- {name: a, tenant: t, key: \"${KEY}\", next_key_sha256: 9f86}\n", []string{"10:39: keys[0].next_key_sha256: must be 64 hexadecimal digits"}},
		{"expiry", "", "keys:\n- {name: a, tenant: t, key: \"${KEY}\", expires: 2027-01-31}\n", []string{"10:39: keys[0].expires: must be a time of RFC 3339"}},
		{"proxies", "", "trusted_proxies: [10.1.2.3, 10.1.2.3/8, 0.0.0.0/0]\n", []string{
			"9:19: trusted_proxies[0]: must be a network", "9:29: trusted_proxies[1]: must be a network", "9:41: trusted_proxies[2]: is every address",
		}},
		{"key's limits", "", "keys:\n- name: a\n  tenant: t\n  key: \"${KEY}\"\n  limits: {max_connections: 5, buffer: 0, speed: 1}\n", []string{
			"13:12: keys[0].limits.max_connections: holds for the whole relay", "13:32: keys[0].limits.buffer: must be 1s to 24h0m0s",
			"13:43: keys[0].limits.speed: unknown key",
		}},
		{"tenant's names", "", "tenants:\n  a: {allow: {routes: [default, x], voices: [y]}, limits: {generations_per_minute: -1}}\nkeys: [{name: a, tenant: a, key: \"${KEY}\"}]\n", []string{
			`10:33: tenants.a.allow.routes[1]: unknown route "x"`, `10:46: tenants.a.allow.voices[0]: unknown voice "y"`,
			"10:60: tenants.a.limits.generations_per_minute: must be 0 to 1000000, not -1",
		}},
		{"budget", "", "tenants:\n  local:\n    budget: {daily: \"-5\", currency: EUR}\n", []string{"11:14: tenants.local.budget.daily: negative amount"}},
		{"budget in no currency", "", "tenants:\n  local:\n    budget: {daily: \"5\", currency: XQZ}\n", []string{"11:26: tenants.local.budget.currency: must be a currency of ISO 4217"}},
		{"budget of an unknown tenant", "", "tenants:\n  acne: {budget: {daily: \"5\", currency: EUR}}\nkeys: [{name: a, tenant: acme, key: \"${KEY}\"}]\n", []string{
			"10:3: tenants.acne: no key has this tenant, so its budget bounds nobody",
		}},
		{"budget without money", "", "tenants:\n  local:\n    budget: {currency: euro}\n", []string{"11:14: tenants.local.budget.currency: must be a currency of ISO 4217"}},
		{"budget without bounds", "", "tenants:\n  local:\n    budget: {currency: EUR}\n", []string{"11:5: tenants.local.budget: must have daily or monthly"}},
		{"thresholds of a budget", "", "tenants:\n  local:\n    budget: {daily: \"5\", currency: EUR, alert_at: [0, 0.8, 0.8, 11, x]}\n", []string{
			"11:52: tenants.local.budget.alert_at[0]: must be more than 0 and at most 10",
			"11:60: tenants.local.budget.alert_at[2]: must be more than the one before it",
			"11:65: tenants.local.budget.alert_at[3]: must be more than 0 and at most 10",
			"11:69: tenants.local.budget.alert_at[4]: must be a number",
		}},
		{"a key's budget in another currency", "", "tenants: {t: {budget: {daily: \"5\", currency: EUR}}}\nkeys:\n- {name: a, tenant: t, key: \"${KEY}\", budget: {daily: \"5\", currency: USD}}\n", []string{
			"11:60: keys[0].budget.currency: must be EUR, as the budget of tenant t is",
		}},
		{"a key's budget without bounds", "", "keys:\n- {name: a, tenant: t, key: \"${KEY}\", budget: {currency: USD}}\n", []string{
			"10:39: keys[0].budget: must have daily or monthly",
		}},
		{"a provider's budget", "adapter: fake", "adapter: fake, budget: {daily: \"5\", currency: EUR, allow_unpriced: true}", []string{
			"3:60: providers.one.budget.allow_unpriced: is of tenants and keys",
		}},
		// Sinks of events.
		{"sink without an address", "", "events: [{name: a}]\n", []string{"9:10: events[0].url: is missing, or expands to nothing"}},
		{"sink's address", "", "events: [{url: \"ftp://hunter2.example\"}, {url: \"https://u:hunter2@b\"}, {url: \"https:///x\"}]\n", []string{
			"9:11: events[0].url: must be an http or https address without user or fragment",
			"9:43: events[1].url: must be an http or https address", "9:73: events[2].url: must be an http or https address",
		}},
		{"sink's types", "", "events: [{url: \"https://a.example\", secret: \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\", types: [generation.end, relay.degraded, relay.degraded]}]\n", []string{
			`9:95: events[0].types[0]: unknown type "generation.end"; there are: generation.ended, budget.threshold, circuit.opened,`,
			"9:127: events[0].types[2]: is there twice",
		}},
		{"sink's secret", "", "events: [{url: \"https://a.example\", secret: hunter2}]\n", []string{"9:37: events[0].secret: must be whsec_ and the base64 of 24 to 64 bytes"}},
		{"sink's headers", "", "events: [{url: \"https://a.example\", headers: {Content-type: x, \"a b\": x, X-Empty: \"\"}}]\n", []string{
			"9:47: events[0].headers.Content-type: is set by the relay", "9:64: events[0].headers.a b: is no name of a header",
			"9:74: events[0].headers.X-Empty: expands to nothing",
		}},
		{"two sinks of a name", "", "events: [{url: \"https://a.example/1\", headers: {A: b}}, {url: \"https://a.example/2\", headers: {A: b}}]\n", []string{
			"9:57: events[1]: is a second sink called a.example: give each a name of its own",
		}},
		{"sink's bounds", "", "events: [{url: \"https://a.example\", headers: {A: b}, timeout: 1h, batch: {events: 0, wait: 2h}}]\n", []string{
			"9:54: events[0].timeout: must be 1s to 5m0s", "9:75: events[0].batch.events: must be 1 to 1000", "9:86: events[0].batch.wait: must be 100ms to 1h",
		}},
		{"events without a ledger", "", "ledger: {path: \"\"}\nevents: [{url: \"https://a.example\", headers: {A: b}}]\n", []string{"9:10: ledger.path: is empty"}},
		// All at once.
		{"faults everywhere", "127.0.0.1:8080", "nowhere\nlog: {level: loud}\nlimits: {buffer: x}\nhosts: [1, \"\"]", []string{
			"1:1: listen: must be host:port", "2:7: log.level: must be debug", "3:10: limits.buffer: must be a duration",
			"4:9: hosts[0]: must be text", "4:12: hosts[1]: must be a host name",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			source := least + c.text
			if c.old != "" {
				source = strings.Replace(least, c.old, c.text, 1)
			}
			_, _, err := Parse("f.yaml", []byte(source), fakeEnvironment())
			if err == nil {
				t.Fatalf("taken, want %q", c.want)
			}
			checkFaults(t, err, c.want)
		})
	}
}

// checkFaults compares the faults' lines with the beginnings that are wanted, in order. A wanted line that
// names no file is in f.yaml.
func checkFaults(t *testing.T, err error, want []string) {
	t.Helper()
	got := strings.Split(err.Error(), "\n")
	matches := slices.EqualFunc(got, want, func(line, beginning string) bool {
		if !strings.HasPrefix(beginning, "f.yaml") {
			beginning = "f.yaml:" + beginning
		}
		return strings.HasPrefix(line, beginning)
	})
	if !matches {
		t.Errorf("faults:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, secret := range []string{"hunter2", "sk-secret"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the faults tell a secret:\n%s", err)
		}
	}
}
