package tests

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"voicerelay/tests/process"
)

// Programs that ask a relay over TLS whether it is ready. What their libraries say of a certificate goes to standard error.
const (
	askInPython = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1] + '/readyz', timeout=20).read().decode())"
	askInNode   = "fetch(process.argv[1] + '/readyz').then(r => r.text()).then(console.log).catch(e => { console.error(e.cause); process.exit(1) })"
)

// What relay cert makes is what the relay serves with and what clients of each language trust, told in the way that it prints. The
// certificate is for localhost alone, so the same relay is refused by its address.
func TestClientsTrustWhatRelayCertMakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := run(t, dir, "", "cert", "-host", "localhost", "-out", filepath.Join(dir, "certs"))
	printed := regexp.MustCompile(`cert: "([^"]+)", key: "([^"]+)"`).FindStringSubmatch(made.out)
	if made.code != 0 || printed == nil {
		t.Fatalf("relay cert: exit %d\n%s%s", made.code, made.out, made.errout)
	}
	c := &config{
		Listen: "127.0.0.1:0", ShutdownGrace: "2s", TLS: map[string]string{"cert": printed[1], "key": printed[2]},
		Providers: map[string]provider{"tone": {Adapter: "tone"}},
		Routes:    map[string]route{"default": {Targets: []target{{Provider: "tone"}}, Voice: "narrator"}},
		Voices:    map[string]alias{"narrator": {IDs: map[string]string{"tone": "sine"}}},
	}
	byAddress := serve(t, c).url
	at, err := url.Parse(byAddress)
	if err != nil || at.Scheme != "https" {
		t.Fatalf("the relay listens on %s, want https (%v)", byAddress, err)
	}
	byName := "https://localhost:" + at.Port()
	for _, client := range []struct {
		name, program, variable string
		args                    func(base string) []string
		refusal                 string // of a wrong host
	}{
		{"go", program, "SSL_CERT_FILE", func(base string) []string { return []string{"say", "-url", base, "-o", "spoken.wav", "Hello."} }, "IP SANs"},
		{"python", "python3", "SSL_CERT_FILE", func(base string) []string { return []string{"-c", askInPython, base} }, "IP address mismatch"},
		{"node", "node", "NODE_EXTRA_CA_CERTS", func(base string) []string { return []string{"-e", askInNode, base} }, "ERR_TLS_CERT_ALTNAME_INVALID"},
	} {
		t.Run(client.name, func(t *testing.T) {
			if _, err := exec.LookPath(client.program); err != nil {
				t.Skipf("%s is not installed", client.program)
			}
			trust := client.variable + "=" + filepath.Join(dir, "certs", "ca.pem")
			if !strings.Contains(made.out, trust) {
				t.Errorf("relay cert did not print %s:\n%s", trust, made.out)
			}
			if out, err := asked(t, client.program, trust, client.args(byName)...); err != nil {
				t.Errorf("by name: %v\n%s", err, out)
			}
			if out, err := asked(t, client.program, trust, client.args(byAddress)...); err == nil || !strings.Contains(out, client.refusal) {
				t.Errorf("by an address that the certificate doesn't name: got %v, want %s\n%s", err, client.refusal, out)
			}
			if out, err := asked(t, client.program, "UNSET=", client.args(byName)...); err == nil {
				t.Errorf("a client that was not told of the CA trusts it\n%s", out)
			}
		})
	}
}

// asked runs a program with one more environment variable, and returns what it printed.
func asked(t *testing.T, program, variable string, args ...string) (printed string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(withoutTrust(process.Environment(cmd.Dir)), variable)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// withoutTrust is an environment without what this machine has programs trust.
func withoutTrust(environment []string) (kept []string) {
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		if name != "SSL_CERT_FILE" && name != "SSL_CERT_DIR" && name != "NODE_EXTRA_CA_CERTS" && !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			kept = append(kept, variable)
		}
	}
	return kept
}
