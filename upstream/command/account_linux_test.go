package command

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/program"
	"voicerelay/upstream"
)

// stranger is a user and a group that no machine has.
const stranger = "64321:64322"

// asStranger is a command of a shell, which the other user can start whatever folder the tests are built in.
func asStranger(t *testing.T, script string) Config {
	t.Helper()
	if err := program.CheckAccount(stranger); err != nil {
		t.Skip(err)
	}
	root, err := os.MkdirTemp("", "programs") // a test's own temporary folder lets no other user pass
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	if err := os.Chmod(root, 0o711); err != nil {
		t.Fatal(err)
	}
	cfg := running("sh", "-c", script, fileMark)
	cfg.User, cfg.Folder = stranger, filepath.Join(root, "state")
	cfg.Output = Output{Encoding: audio.PCM16, SampleRate: 24000}
	return cfg
}

func TestAProgramRunsAsItsUser(t *testing.T) {
	cfg := asStranger(t, `cat "$0" > copy && echo "$(id -u) $(id -g) $(id -G) $(cat copy) $(stat -c %a:%u .)"`)
	h := spoken(t, cfg, "Hello")
	if got, want := strings.TrimSpace(string(h.Audio)), "64321 64322 64322 Hello 700:64321"; h.Err != nil || !strings.HasPrefix(got+"\n", want) {
		t.Errorf("got %q, %v; want %q", got, h.Err, want)
	}
	nothingIn(t, cfg.Folder)
}

func TestAProgramOfAnotherUserIsKilled(t *testing.T) {
	cfg := asStranger(t, `sleep 1000 & echo $! > child; printf xx; sleep 1000`)
	l := call(t, provide(t, cfg))
	l.speak(true, "Hello")
	l.hears()
	found, err := filepath.Glob(filepath.Join(cfg.Folder, "*", "*", "child"))
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	l.close(errStop)
	child := filepath.Join("/proc", strings.TrimSpace(string(text)), "cmdline")
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if line, err := os.ReadFile(child); err != nil || len(line) == 0 { // of one that has not been waited for yet
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the program's child lives")
		}
	}
	if h := l.wait(); !errors.Is(h.Err, errStop) {
		t.Errorf("got %v", h.Err)
	}
}

func TestAProgramStartsNoMoreProcesses(t *testing.T) {
	cfg := asStranger(t, `for i in 1 2 3 4 5 6 7 8; do sleep 0.2 & done; wait; printf ok`)
	if h := spoken(t, cfg, "Hello"); h.Err != nil || string(h.Audio) != "ok" {
		t.Fatalf("by default: %q, %v", h.Audio, h.Err)
	}
	cfg.Limits.Processes = 4
	if h := spoken(t, cfg, "Hello"); h.Err == nil || upstream.KindOf(h.Err) != upstream.UpstreamError {
		t.Errorf("got %q, %v; want upstream_error", h.Audio, h.Err)
	}
}

func TestAUserThatCannotBeIsRefused(t *testing.T) {
	for _, name := range []string{"root", "0:5", "5:0", "no-such-user-here", "5:x", "1:2:3", "-1:4", "5000000000:1"} {
		cfg := running("true")
		cfg.User = name
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), "user: must ") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
