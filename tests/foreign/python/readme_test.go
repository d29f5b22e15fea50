package python_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

const (
	readme = "../../../README.md"
	// shownAddress is where the README's clients find the relay.
	shownAddress = `"http://127.0.0.1:8080"`
	readmeText   = "Hello from the relay."
	readmeRate   = 24000 // hertz
)

// shown is the README's one example in a language, with another address of the relay, which is an expression.
func shown(t *testing.T, language, address string) string {
	t.Helper()
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	fence := "```" + language + "\n"
	_, rest, found := strings.Cut(string(page), fence)
	if !found || strings.Contains(rest, fence) {
		t.Fatalf("the README has not one example in %s", language)
	}
	code, _, closed := strings.Cut(rest, "```\n")
	if !closed || strings.Count(code, shownAddress) != 1 || !strings.Contains(code, `"`+readmeText+`"`) {
		t.Fatalf("the example in %s does not say %q to %s once:\n%s", language, readmeText, shownAddress, code)
	}
	return strings.Replace(code, shownAddress, address, 1)
}

// goClient is what the README's client in Go stands in: it is the body of speak. What it plays goes to standard output.
const goClient = `package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/voicerelay/voicerelay/client"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := speak(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(samples []byte) { os.Stdout.Write(samples) }

func speak(ctx context.Context) error {
%s}
`

// buildGoClient builds it in a module of its own, behind the commands that the README shows for that.
func buildGoClient(t *testing.T) (program string) {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, fmt.Appendf(nil, goClient, shown(t, "go", "os.Args[1]")), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Dir(readme))
	if err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(dir, "client")
	commands := append([]string{"go mod init example.test/agent"}, moduleCommands(t)...)
	for _, command := range append(commands, "go build -o "+program) {
		words := strings.Fields(strings.ReplaceAll(command, "PATH_OF_THIS_FOLDER", root))
		build := exec.Command(words[0], words[1:]...)
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	return program
}

// moduleCommands are what the README has a reader do to his module.
func moduleCommands(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```sh\ngo mod edit ")
	commands, _, closed := strings.Cut(rest, "\n```\n")
	if !found || !closed {
		t.Fatal("the README does not say how a module gets the client")
	}
	return strings.Split("go mod edit "+commands, "\n")
}

// readmePython writes the README's client in Python into a folder of its own.
func readmePython(t *testing.T, address string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	code := shown(t, "python", fmt.Sprintf("%q", address))
	if err := os.WriteFile(filepath.Join(dir, "client.py"), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	beside(t, dir)
	return dir
}

// accounts are a model and a voice of each vendor.
var accounts = map[string]struct{ model, voice string }{
	"kugelaudio": {"kugel-3", "1071"},
	"together":   {"hexgrad/Kokoro-82M", "af_heart"},
	"uplift":     {"", "v_meklc281"},
	"vogent":     {"", "36b87413-6d7b-421d-8745-bc0897770d1e"},
	"zeligate":   {"", "zeli-voice-1"},
}

// serveVendor starts a vendor, and a relay before it that takes so long a text.
func serveVendor(t *testing.T, program, vendor string, longest int) (address string) {
	t.Helper()
	_, base := start(t, vendor, emulator.Options{})
	a := accounts[vendor]
	return serve(t, program, fmt.Sprintf(spokenBy, longest, vendor, base, key, a.model, a.voice))
}

func TestReadmesClients(t *testing.T) {
	relay, client := build(t, "relay", "voicerelay/cmd/relay"), buildGoClient(t)
	for vendor := range accounts {
		t.Run(vendor, func(t *testing.T) {
			address := serveVendor(t, relay, vendor, len(readmeText))
			t.Run("go", func(t *testing.T) {
				says(t, execute(t, t.TempDir(), client, address), readmeRate, readmeText)
			})
			t.Run("python", func(t *testing.T) { pythonHears(t, address) })
		})
	}
	t.Run("refused", func(t *testing.T) { endWhenRefused(t, relay, client) })
}

func pythonHears(t *testing.T, address string) {
	t.Helper()
	python, dir := needPython(t), readmePython(t, address)
	out := execute(t, dir, python, "client.py")
	if !strings.Contains(string(out), "'reason': 'completed'") {
		t.Errorf("it printed %s", out)
	}
	samples, headers := withoutHeaders(saved(t, dir, "hello.wav"))
	if headers != 1 {
		t.Errorf("the file has %d headers, want one", headers)
	}
	says(t, samples, readmeRate, readmeText)
}

// endWhenRefused has a relay refuse both clients, which are told why and end, rather than wait.
func endWhenRefused(t *testing.T, relay, client string) {
	t.Helper()
	address := serveVendor(t, relay, "kugelaudio", len(readmeText)-1)
	t.Run("go", func(t *testing.T) {
		out, stderr, err := attempt(t, t.TempDir(), client, address)
		if err == nil || len(out) > 0 || !strings.Contains(string(stderr), "20 characters") {
			t.Errorf("it ended with %v and %d bytes of audio, and said %s", err, len(out), stderr)
		}
	})
	t.Run("python", func(t *testing.T) {
		_, stderr, err := attempt(t, readmePython(t, address), needPython(t), "client.py")
		if err == nil || !strings.Contains(string(stderr), "RelayError: text_too_long: ") {
			t.Errorf("it ended with %v, and said %s", err, stderr)
		}
	})
}
