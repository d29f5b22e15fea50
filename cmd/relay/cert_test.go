package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voicerelay/trialca"
)

// certified runs `relay cert`.
func certified(t *testing.T, args ...string) (code int, errout string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), append([]string{"cert"}, args...), stdio{out: &o, err: &e})
	return code, e.String()
}

// read reads a file of a folder.
func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCertWritesWhatAServerAndItsClientsNeed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if code, errout := certified(t, "-host", "Relay.Internal, 127.0.0.1,::1", "-out", dir, "-days", "30"); code != exitOK {
		t.Fatalf("exit %d: %s", code, errout)
	}
	for name, mode := range map[string]os.FileMode{"ca.pem": 0o644, "server.pem": 0o644, "server-key.pem": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: got %v and %v, want mode %v", name, info.Mode(), err, mode)
		}
	}
	if found, err := os.ReadDir(dir); err != nil || len(found) != 3 {
		t.Errorf("the folder has %v, want three files (%v)", found, err)
	}
	pair, err := tls.X509KeyPair(read(t, dir, "server.pem"), read(t, dir, "server-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(read(t, dir, "ca.pem"))
	for _, host := range []string{"relay.internal", "127.0.0.1", "::1"} {
		for in, valid := range map[time.Duration]bool{0: true, 29 * 24 * time.Hour: true, 31 * 24 * time.Hour: false} {
			_, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: time.Now().Add(in)})
			if (err == nil) != valid {
				t.Errorf("%s, after %v: got %v, want validity %t", host, in, err, valid)
			}
		}
	}
	if err := pair.Leaf.VerifyHostname("localhost"); err == nil {
		t.Error("the certificate is valid for a host that it was not made for")
	}
}

func TestCertReplacesNothingUnasked(t *testing.T) {
	for _, name := range []string{"ca.pem", "server.pem", "server-key.pem"} {
		dir := t.TempDir()
		elsewhere := filepath.Join(t.TempDir(), "kept")
		if err := os.WriteFile(elsewhere, []byte("kept"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(elsewhere, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if code, errout := certified(t, "-host", "localhost", "-out", dir); code != exitFault || !strings.Contains(errout, name+" is there already") {
			t.Errorf("%s: exit %d, %q", name, code, errout)
		}
		if found, err := os.ReadDir(dir); err != nil || len(found) != 1 {
			t.Errorf("%s: the folder has %v, want nothing new (%v)", name, found, err)
		}
		if code, errout := certified(t, "-host", "localhost", "-out", dir, "-force"); code != exitOK {
			t.Errorf("%s, -force: exit %d, %q", name, code, errout)
		}
		if _, err := tls.X509KeyPair(read(t, dir, "server.pem"), read(t, dir, "server-key.pem")); err != nil {
			t.Errorf("%s, -force: %v", name, err)
		}
		if got := string(read(t, filepath.Dir(elsewhere), "kept")); got != "kept" {
			t.Errorf("%s, -force: what a link led to is now %q", name, got)
		}
	}
}

func TestCertNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no host":           {[]string{"-out", dir}, exitUsage, "-host: name"},
		"an empty host":     {[]string{"-host", "a,,b", "-out", dir}, exitUsage, "-host: name"},
		"no folder":         {[]string{"-host", "a"}, exitUsage, "-out: name"},
		"a URL":             {[]string{"-host", "http://a", "-out", dir}, exitUsage, `"http://a" is neither`},
		"a port":            {[]string{"-host", "a:80", "-out", dir}, exitUsage, `"a:80" is neither`},
		"a wildcard":        {[]string{"-host", "*.a", "-out", dir}, exitUsage, `"*.a" is neither`},
		"half an address":   {[]string{"-host", "10.0.1", "-out", dir}, exitUsage, `"10.0.1" is neither`},
		"an interface":      {[]string{"-host", "fe80::1%eth0", "-out", dir}, exitUsage, "is neither"},
		"a hyphen in front": {[]string{"-host", "-a.b", "-out", dir}, exitUsage, `"-a.b" is neither`},
		"no days":           {[]string{"-host", "a", "-out", dir, "-days", "0"}, exitUsage, "-days: must be 1 to 825"},
		"too many days":     {[]string{"-host", "a", "-out", dir, "-days", "826"}, exitUsage, "-days: must be 1 to 825"},
		"an argument":       {[]string{"-host", "a", "-out", dir, "b"}, exitUsage, `unexpected argument "b"`},
		"a file as folder":  {[]string{"-host", "a", "-out", blocked}, exitFault, "not a directory"},
	} {
		if code, errout := certified(t, c.args...); code != c.code || !strings.Contains(errout, c.want) {
			t.Errorf("%s: exit %d, %q; want %d, %q", name, code, errout, c.code, c.want)
		}
	}
}

// foreign is a server on the loopback interface with a certificate that a CA for some hosts has signed for others, and the CA.
func foreign(t *testing.T, permitted, others string) (server *httptest.Server, ca *x509.Certificate) {
	t.Helper()
	may, err := parseHosts(permitted)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := parseHosts(others)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := trialca.NewAuthority(may, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	leaf, key, err := authority.Sign(signed)
	if err != nil {
		t.Fatal(err)
	}
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refusals are what the test wants
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, authority.Certificate
}

// Programs that connect to an address as a host, and trust a file. They fail where the certificate is not accepted.
const (
	connectInPython = `
import socket, ssl, sys
port, host, ca = sys.argv[1:]
with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as plain:
    ssl.create_default_context(cafile=ca).wrap_socket(plain, server_hostname=host).close()
`
	connectInNode = `
const [port, host, ca] = process.argv.slice(1);
const socket = require("tls").connect({ host: "127.0.0.1", port, servername: host, ca: require("fs").readFileSync(ca) }, () => process.exit(0));
socket.on("error", (error) => { console.error(error); process.exit(1); });
`
)

// Whoever got hold of the CA's key could still vouch for none but its own hosts. It holds for names where the CA has addresses only,
// and for addresses where it has names only.
func TestTheCAIsTrustedForItsOwnHostsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		permitted, signed, host string
		want                    bool
	}{
		"its name":                  {"localhost", "localhost", "localhost", true},
		"its address":               {"127.0.0.1", "127.0.0.1", "127.0.0.1", true},
		"another name":              {"localhost", "relay.internal", "relay.internal", false},
		"another address":           {"10.1.2.3", "127.0.0.1", "127.0.0.1", false},
		"a name of an address's CA": {"10.1.2.3", "localhost", "localhost", false},
		"an address of a name's CA": {"localhost", "127.0.0.1", "127.0.0.1", false},
	} {
		server, ca := foreign(t, c.permitted, c.signed)
		_, port, err := net.SplitHostPort(server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := server.Certificate().Verify(x509.VerifyOptions{DNSName: c.host, Roots: poolOf(ca)}); (err == nil) != c.want {
			t.Errorf("%s: go: got %v, want acceptance %t", name, err, c.want)
		}
		trust := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(trust, trialca.EncodeCertificate(ca.Raw), 0o600); err != nil {
			t.Fatal(err)
		}
		for program, args := range map[string][]string{"python3": {"-c", connectInPython}, "node": {"-e", connectInNode}} {
			if _, err := exec.LookPath(program); err != nil {
				t.Logf("%s is not installed", program)
				continue
			}
			out, err := exec.CommandContext(t.Context(), program, append(args, port, c.host, trust)...).CombinedOutput()
			if (err == nil) != c.want || !c.want && !strings.Contains(strings.ToLower(string(out)), "permitted") {
				t.Errorf("%s: %s: got %v, want acceptance %t\n%s", name, program, err, c.want, out)
			}
		}
	}
}

func poolOf(ca *x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return pool
}
