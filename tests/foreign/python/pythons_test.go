package python_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// pythons are the versions that the client is for, each with a version of the library: the oldest that works, the last with the
// old implementation, the first with the new one, and the newest.
var pythons = []struct{ version, library string }{
	{"3.10", "websockets==10.1"},
	{"3.11", "websockets==13.1"},
	{"3.12", "websockets==14.0"},
	{"3.13", "websockets==17.4"},
}

// everyPython runs a test with each version that is on the machine, side by side.
func everyPython(t *testing.T, test func(t *testing.T, python string)) {
	t.Helper()
	for _, p := range pythons {
		t.Run(p.version, func(t *testing.T) {
			t.Parallel()
			test(t, withPackages(t, "python"+p.version, p.library))
		})
	}
}

// environments are the interpreters that have been made, by version and packages. They are in folder until the tests end.
var environments = struct {
	mu     sync.Mutex
	folder string
	known  map[string]func() (string, error)
}{known: make(map[string]func() (string, error))}

// withPackages is an interpreter of a version of Python with packages from the registry. The test is skipped where the machine
// lacks either.
func withPackages(t *testing.T, version string, packages ...string) (python string) {
	t.Helper()
	environments.mu.Lock()
	if environments.folder == "" {
		folder, err := os.MkdirTemp("", "pythons") // not the test's, since others use it as well
		if err != nil {
			t.Fatal(err)
		}
		environments.folder = folder
	}
	name := strings.Join(append([]string{version}, packages...), " ")
	made := environments.known[name]
	if made == nil {
		dir := filepath.Join(environments.folder, fmt.Sprint(len(environments.known)))
		made = sync.OnceValues(func() (string, error) { return makeEnvironment(dir, version, packages) })
		environments.known[name] = made
	}
	environments.mu.Unlock()
	python, err := made()
	if err != nil {
		t.Skip(err)
	}
	return python
}

// makeEnvironment makes an environment of a version of Python and installs packages into it.
func makeEnvironment(dir, version string, packages []string) (python string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), programTime)
	defer cancel()
	base, err := find(ctx, version)
	if err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(ctx, base, "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s has no venv: %w\n%s", version, err, out)
	}
	python = filepath.Join(dir, "bin", "python")
	folder, err := exec.CommandContext(ctx, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", python, err)
	}
	install := append([]string{
		"-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-warn-script-location", "--target", strings.TrimSpace(string(folder)),
	}, packages...)
	if out, err := exec.CommandContext(ctx, base, install...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s can't install %v: %w\n%.500s", version, packages, err, out)
	}
	return python, nil
}

// find is where a version of Python is that has pip.
func find(ctx context.Context, version string) (python string, err error) {
	candidates := []string{version}
	// A version manager has more of them than those on the path.
	if home, err := os.UserHomeDir(); err == nil {
		managed := filepath.Join(home, ".pyenv", "versions", strings.TrimPrefix(version, "python")+".*", "bin", "python")
		more, err := filepath.Glob(managed)
		if err != nil {
			return "", err
		}
		candidates = append(candidates, more...)
	}
	for _, candidate := range candidates {
		out, err := exec.CommandContext(ctx, candidate, "-c", "import sys, pip; print(sys.executable)").Output()
		if err == nil {
			return strings.TrimSpace(string(out)), nil
		}
	}
	return "", fmt.Errorf("there is no %s with pip", version)
}
