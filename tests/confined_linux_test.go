package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"voicerelay/tests/process"
)

// Keys of vendors and clients are in the relay's environment and memory, and a program is of the relay's user.
func TestAProgramCannotReadTheRelaysKeys(t *testing.T) {
	t.Parallel()
	dir := recorded(t, twelve)
	cfg := withProgram(t, dir, `for f in environ maps mem cmdline; do cat /proc/$PPID/$f > "$0/$f" 2> /dev/null; done
		cat /proc/$$/environ > "$0/own"; exec cat "$0/speech.wav"`)
	c := start(t, ordinary(t, cfg)).dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.completed("g")
	read := func(name string) string {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	if !strings.Contains(read("cmdline"), "serve") || !strings.Contains(read("own"), "TMPDIR=") {
		t.Fatal("the program does not look at the relay, or reads no environment at all, so that this test shows nothing")
	}
	for _, name := range []string{"environ", "maps", "mem"} {
		if got := read(name); got != "" {
			t.Errorf("the program has read %d bytes of the relay's %s", len(got), name)
		}
	}
}

// ordinary is the command of a relay without the rights of root: those alone would keep its memory from a program that has
// none.
func ordinary(t *testing.T, cfg *config) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, cfg.marshal(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		return process.Command(program, dir, "serve", "-config", path)
	}
	without, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip("this test runs as root, and nothing here takes rights away: setpriv is not installed")
	}
	return process.Command(without, dir, "--bounding-set=-all", "--inh-caps=-all", program, "serve", "-config", path)
}

// SIGKILL leaves a relay no time for anything: the program ends all the same, and its children and its files with it.
func TestNoProgramOutlivesAKilledRelay(t *testing.T) {
	t.Parallel()
	dir, folder := recorded(t, twelve), filepath.Join(t.TempDir(), "programs")
	cfg := withProgram(t, dir, `sleep 1000 & echo $! > "$0/child.new"; mv "$0/child.new" "$0/child"
		echo $$ > "$0/self"; cat > text; cat "$0/speech.wav"; sleep 1000`)
	cfg.Providers["local"].Options["folder"] = folder
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.started("g")
	var alive []int
	for _, name := range []string{"self", "child"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || !lives(pid) {
			t.Fatalf("%s is process %q, which does not live (%v)", name, text, err)
		}
		alive = append(alive, pid)
	}
	if texts, err := filepath.Glob(filepath.Join(folder, "*", "*", "text")); err != nil || len(texts) != 1 {
		t.Fatalf("texts in the folder: %v, %v; want one", texts, err)
	}
	r.Kill()
	c.overWithin(deadline)
	eventually(t, "the program and its child to be dead", func() bool { return !lives(alive[0]) && !lives(alive[1]) })
	eventually(t, "the program's files to be gone", func() bool {
		left, err := os.ReadDir(folder)
		return err == nil && len(left) == 0
	})
}

// lives reports whether a process runs: one that is dead and that has not been waited for does not.
func lives(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
