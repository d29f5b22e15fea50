package tests

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"voicerelay/tests/process"
)

// balancers are those of which deploy/ has a sample. Each runs its own until the test ends.
var balancers = map[string]func(t *testing.T, front string, relays []string){
	"nginx": startNginx, "haproxy": startHAProxy, "caddy": startCaddy, "envoy": startEnvoy,
}

func startNginx(t *testing.T, front string, relays []string) {
	t.Helper()
	program := installed(t, "nginx")
	dir := t.TempDir()
	config := sample(t, dir, "nginx.conf", front, relays)
	// What a packaged nginx is built to use may be another user's: here all of it is the test's.
	amend(t, config, "http {\n", "http {\n\taccess_log off; client_body_temp_path body; proxy_temp_path proxy; "+
		"fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n")
	global := "daemon off; pid " + dir + "/nginx.pid; error_log stderr error;"
	startBalancer(t, front, exec.Command(program, "-e", "stderr", "-p", dir, "-c", config, "-g", global))
}

func startHAProxy(t *testing.T, front string, relays []string) {
	t.Helper()
	program := installed(t, "haproxy")
	dir := t.TempDir()
	startBalancer(t, front, exec.Command(program, "-db", "-f", sample(t, dir, "haproxy.cfg", front, relays)))
}

func startCaddy(t *testing.T, front string, relays []string) {
	t.Helper()
	program := installed(t, "caddy")
	dir := t.TempDir()
	command := exec.Command(program, "run", "--adapter", "caddyfile", "--config", sample(t, dir, "Caddyfile", front, relays))
	command.Env = []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir} // it keeps things there
	startBalancer(t, front, command)
}

func startEnvoy(t *testing.T, front string, relays []string) {
	t.Helper()
	program := installed(t, "envoy")
	dir := t.TempDir()
	config := sample(t, dir, "envoy.yaml", front, relays)
	// Several of them may run on one machine, and this one needs no more than a core.
	startBalancer(t, front, exec.Command(program, "--disable-hot-restart", "--concurrency", "1", "--log-level", "error", "-c", config))
}

// installed finds a program on PATH, where distributions put servers, and where make puts tools.
func installed(t *testing.T, name string) string {
	t.Helper()
	for _, at := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name, "../bin/" + name} {
		if program, err := exec.LookPath(at); err == nil {
			return program
		}
	}
	t.Skip(name + " is not installed")
	return ""
}

// sample is a file of deploy/ with the test's addresses in place of its own, each of which must stand in it once.
func sample(t *testing.T, dir, name, front string, relays []string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	for i, address := range append([]string{front}, relays...) {
		shown := fmt.Sprintf("127.0.0.1:%d", 8080+i)
		if strings.HasSuffix(name, ".yaml") { // Envoy has host and port apart
			shown, address = apart(t, shown), apart(t, address)
		}
		if n := bytes.Count(text, []byte(shown)); n != 1 {
			t.Fatalf("%s has %s %d times", name, shown, n)
		}
		text = bytes.Replace(text, []byte(shown), []byte(address), 1)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// apart is an address in Envoy's form.
func apart(t *testing.T, address string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return "{address: " + host + ", port_value: " + port + "}"
}

// amend replaces a part of a file that must be there.
func amend(t *testing.T, path, part, by string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(part)) {
		t.Fatalf("%s lacks %q: %v", path, part, err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(part), []byte(by), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startBalancer runs a balancer until the test ends, and waits until it listens.
func startBalancer(t *testing.T, front string, cmd *exec.Cmd) {
	t.Helper()
	output := &process.Log{}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = time.Second // what a worker still holds open is not waited for
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { // ends with the process, which the cleanup ends
		defer close(exited)
		_ = cmd.Wait() // it ends by a signal
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // nginx ends its workers by that; it may have ended by itself
		<-exited
	})
	timeout := time.After(deadline)
	for {
		if conn, err := net.Dial("tcp", front); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-exited:
			t.Fatalf("it ended at its start:\n%s", output)
		case <-timeout:
			t.Fatalf("it does not listen:\n%s", output)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
