package python_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build builds a program and returns its path.
func build(t *testing.T, name, source string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// spokenBy is a relay's configuration with one vendor, which has one voice. A loaded machine may take its time.
const spokenBy = `
listen: 127.0.0.1:0
shutdown_grace: 2s
limits: {max_text_characters: %d}
providers:
  vendor: {adapter: %s, url: %q, api_key: %s}
routes:
  default: {targets: [{provider: vendor, model: %q}], voice: narrator, first_audio_timeout: 20s, stall_timeout: 20s}
voices:
  narrator: {language: en, ids: {vendor: %q}}
`

// relayOf is the configuration before a vendor that takes any text.
func relayOf(adapter, base, model, voice string) string {
	return fmt.Sprintf(spokenBy, 10_000, adapter, base, key, model, voice)
}

// serve starts a relay and returns the address, where it listens. It ends with the test, in order.
func serve(t *testing.T, program, config string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	relay := exec.Command(program, "serve", "-config", path)
	var log bytes.Buffer
	relay.Dir, relay.Stderr = dir, &log
	stdout, err := relay.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := relay.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = relay.Process.Signal(syscall.SIGTERM) // it may have ended, which Wait tells
		kill := time.AfterFunc(programTime, func() { _ = relay.Process.Kill() })
		defer kill.Stop()
		if err := relay.Wait(); err != nil {
			t.Errorf("the relay ended with %v:\n%s", err, log.String())
		}
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if _, address, ok := strings.Cut(lines.Text(), " listening on http://"); ok {
			return "http://" + address
		}
	}
	t.Fatal("the relay ended at its start")
	return ""
}
