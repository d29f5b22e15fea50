package trialca

import (
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
)

// foreign is a server on the loopback interface with a certificate that a CA for some hosts has signed for others, and the CA.
func foreign(t *testing.T, permitted, others string) (server *httptest.Server, ca *x509.Certificate) {
	t.Helper()
	may, err := ParseHosts(permitted)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := ParseHosts(others)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := newAuthority(may, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	leaf, key, err := authority.sign(signed)
	if err != nil {
		t.Fatal(err)
	}
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // refusals are what the test wants
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, authority.certificate
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
		if err := os.WriteFile(trust, encodeCertificate(ca.Raw), 0o600); err != nil {
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
