package attack

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// deadline bounds every wait for something that must come.
const deadline = time.Minute

// Keys of the tenants, and of the operator.
const (
	calmKey    = "k-calm-0123456789abcdef"
	hostileKey = "k-hostile-0123456789abcdef"
	adminKey   = "k-admin-0123456789abcdef"
	vendorKey  = "k-vendor-0123456789abcdef"
)

// A relay is a running relay process.
type relay struct {
	t              *testing.T
	address, admin string // host:port
	dir, config    string
	cmd            *exec.Cmd
	log            *logged
	exited         chan struct{} // closed when the process has ended
}

// settings are the relay's configuration. Hostile keys have generous rates, as those of a large customer do: what bounds
// them is not what a developer's key is given.
const settings = `
listen: 127.0.0.1:0
admin_listen: %q
shutdown_grace: 2s
log: {level: debug}
keys:
  - {name: caller, tenant: calm, key: %q, limits: {generations_per_minute: 100000, http_generations_per_minute: 100000}}
  - {name: stranger, tenant: hostile, key: %q, limits: {generations_per_minute: 6000, http_generations_per_minute: 6000}}
  - {name: ops, tenant: ops, key: %q, admin: true}
tenants:
  hostile: {allow: {raw: true}}
limits: {max_connections: 400}
providers:
  well: {adapter: kugelaudio, url: %q, api_key: %q, max_concurrent: 24, warm: 1}
  ill: {adapter: kugelaudio, url: %q, api_key: %q, max_concurrent: 24}
  local: {adapter: command, options: {command: [sh, -c, %q, "{voice}"], output: {encoding: pcm_s16le, sample_rate: 24000}, timeout: 2s}}
routes:
  default: {voice: narrator, targets: [{provider: well, model: kugel-3}], hedge_after: 0s, first_audio_timeout: 20s, stall_timeout: 20s}
  ill: {voice: narrator, targets: [{provider: ill, model: kugel-3}], hedge_after: 0s, first_audio_timeout: 2s}
  local: {voice: narrator, targets: [{provider: local}], hedge_after: 0s, first_audio_timeout: 2s}
voices:
  narrator: {language: en, ids: {well: "1071", ill: "1071", local: "en"}}
circuit: {consecutive_failures: 1000, failure_ratio: 1, min_requests: 100000}
`

// start starts a relay that speaks by a well vendor, and by an ill one or a program where hostile tenants ask for them.
func start(t *testing.T, well, ill, script string) *relay {
	t.Helper()
	r := &relay{t: t, dir: t.TempDir(), log: &logged{}, exited: make(chan struct{})}
	r.admin, r.config = freeAddress(t), filepath.Join(r.dir, "config.yaml")
	text := fmt.Sprintf(settings, r.admin, calmKey, hostileKey, adminKey, well, vendorKey, ill, vendorKey, script)
	if err := os.WriteFile(r.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.cmd = r.command("serve", "-config", r.config)
	r.cmd.Stderr = r.log
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() { // ends with the process; stop waits for it
		defer close(r.exited)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if _, address, ok := strings.Cut(lines.Text(), " listening on http://"); ok {
				ready <- address
			}
		}
		_ = r.cmd.Wait() // stop looks at the exit code
	}()
	t.Cleanup(r.stop)
	select {
	case r.address = <-ready:
	case <-r.exited:
		t.Fatalf("the relay ended at its start:\n%s", r.log)
	case <-time.After(deadline):
		t.Fatalf("the relay does not listen:\n%s", r.log)
	}
	return r
}

func (r *relay) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = r.dir, append(os.Environ(), "TMPDIR="+r.dir)
	return cmd
}

// freeAddress is one that nobody listens on. Another program may take it before the relay does, which would end its start.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// stop ends the relay, once, and looks at how it ended.
func (r *relay) stop() {
	select {
	case <-r.exited:
		return
	default:
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM) // it may end at this very moment
	select {
	case <-r.exited:
	case <-time.After(deadline):
		_ = r.cmd.Process.Kill() // all that is left
		<-r.exited
		r.t.Error("the relay did not stop")
	}
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		r.t.Errorf("the relay ended with exit code %d:\n%s", code, r.log)
	}
	for _, s := range []string{"panic", "goroutine ", "DATA RACE", "\x1b", calmKey, hostileKey, adminKey, vendorKey, secretText} {
		if r.log.has(s) {
			r.t.Errorf("the relay's log has %q", s)
		}
	}
}

// verify stops the relay and has the ledger checked.
func (r *relay) verify() {
	r.t.Helper()
	r.stop()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "ledger", "verify", "-config", r.config)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Errorf("ledger verify: %v\n%s", err, out)
	}
}

// logged keeps what the relay logs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.text.Bytes(), []byte(s))
}

// String is the end of the log.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.text.String()
	return s[max(0, len(s)-4000):]
}
