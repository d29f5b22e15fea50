package rig

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"voicerelay/tests/process"
)

// enabled is the environment variable without which the tests are skipped.
const enabled = "VOICERELAY_CLIENTS"

// program is the relay under test, built once by Main; empty: the tests are skipped.
var program string

// folder is for what the whole run of a package's tests needs.
var folder string

// Main runs a package's tests. It is called by TestMain, and does not return.
func Main(m *testing.M) {
	process.Main(m, func(dir string) (err error) {
		folder = dir
		if os.Getenv(enabled) != "" {
			program, err = process.Build(dir)
		}
		return err
	})
}

// A Rig is a running relay before its vendors. It ends with its test.
type Rig struct {
	// URL is the relay's base, such as http://127.0.0.1:40001, without a slash at its end.
	URL string
	// Key is what programs show as theirs.
	Key string
	// Log is the relay's own.
	Log *process.Log
	// Vendors are those of the options, by their names.
	Vendors map[string]*RunningVendor
	// CA is the file that clients must trust; empty without TLS.
	CA string

	machine *process.Lateness
}

// Start starts vendors and a relay before them, or skips the test.
func Start(t *testing.T, o Options) *Rig {
	t.Helper()
	Need(t)
	if o.Vendors == nil {
		o.Vendors = DefaultVendors()
	}
	dir := t.TempDir()
	r := &Rig{Key: AgentKey, Vendors: make(map[string]*RunningVendor), machine: process.WatchMachine(t)}
	for _, v := range o.Vendors {
		r.Vendors[v.Name] = v.start(t, o.Pace)
	}
	config := configOf(o, r.Vendors)
	if o.TLS {
		config["tls"], r.CA = certify(t, dir)
	}
	path := filepath.Join(dir, "config.json") // JSON is YAML
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	server := process.Start(t, process.Command(program, dir, "serve", "-config", path), vendorKey, AgentKey, OtherKey, AdminKey)
	r.URL, r.Log = strings.TrimSuffix(server.URL, "/"), server.Log
	t.Cleanup(r.forbidTexts) // before the relay is stopped, which looks at its log
	return r
}

// Need skips the test unless Main has built the relay.
func Need(t *testing.T) {
	t.Helper()
	if program == "" {
		t.Skipf("set %s=1 to have clients that others wrote fetched and tried (make clients)", enabled)
	}
}

// As is the same relay for a client with another key.
func (r *Rig) As(key string) *Rig {
	other := *r
	other.Key = key
	return &other
}

// WS is the relay's base for WebSockets.
func (r *Rig) WS() string { return "ws" + strings.TrimPrefix(r.URL, "http") }

// leastSecret is the length in bytes from which a text is taken for no accident where it stands in a log.
const leastSecret = 12

// forbidTexts has the log looked through for what vendors were given to speak.
func (r *Rig) forbidTexts() {
	for _, v := range r.Vendors {
		for _, stream := range v.Stats().Streams {
			for text := range slices.Values(stream.Texts) {
				if text = strings.TrimSpace(text); len(text) >= leastSecret {
					r.Log.Forbid(text)
				}
			}
		}
	}
}

// printedTLS is what `relay cert` says of the configuration.
var printedTLS = regexp.MustCompile(`tls: {cert: "([^"]+)", key: "([^"]+)"}`)

// certify has the relay make a certificate of the loopback interface.
func certify(t *testing.T, dir string) (setting map[string]any, ca string) {
	t.Helper()
	certs := filepath.Join(dir, "certs")
	out, err := exec.Command(program, "cert", "-host", "localhost,127.0.0.1", "-out", certs).CombinedOutput()
	found := printedTLS.FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("relay cert: %v\n%s", err, out)
	}
	return map[string]any{"cert": string(found[1]), "key": string(found[2])}, filepath.Join(certs, "ca.pem")
}
