package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
