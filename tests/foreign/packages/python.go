package packages

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"voicerelay/tests/process"
)

// installTime bounds an install, which takes half a minute on an idle machine.
const installTime = 8 * time.Minute

// leastPython is the oldest version that all packages run on.
const leastPython = "(3, 11)"

// Python is an interpreter with exactly the packages of a list, as pip's requirements have it, with all hashes.
func Python(list []byte) (interpreter string, err error) {
	return pythonOf(list, func(ctx context.Context, base, dir string) error { return installPython(ctx, base, dir, list) })
}

// InstalledPython is Python that installs nothing. Where the packages are not there they are missing, and hint says who installs them.
func InstalledPython(list []byte, hint string) (interpreter string, err error) {
	return pythonOf(list, func(context.Context, string, string) error { return process.Missing(hint) })
}

func pythonOf(list []byte, install func(ctx context.Context, base, dir string) error) (interpreter string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	base, version, err := findPython(ctx)
	if err != nil {
		return "", err
	}
	dir, err := Cached("python", append(list, version...), func(dir string) error { return install(ctx, base, dir) })
	return filepath.Join(dir, "bin", "python"), err
}

// Compiled is where an interpreter's programs keep what Python compiles of them: not beside the programs.
func Compiled(interpreter string) string {
	return filepath.Join(filepath.Dir(filepath.Dir(interpreter)), "compiled")
}

// findPython finds an interpreter that is new enough and has pip, and its version.
func findPython(ctx context.Context) (program, version string, err error) {
	candidates := []string{"python3", "python3.13", "python3.12", "python3.11"}
	// A version manager has more of them than those on the path.
	if home, err := os.UserHomeDir(); err == nil {
		managed, _ := filepath.Glob(filepath.Join(home, ".pyenv", "versions", "3.1[1-3].*", "bin", "python")) // the pattern is right
		candidates = append(candidates, managed...)
	}
	for _, candidate := range candidates {
		out, err := exec.CommandContext(ctx, candidate, "-c",
			"import sys, pip, venv; assert sys.version_info >= "+leastPython+"; print(sys.executable, sys.version_info[:3])").Output()
		if err == nil {
			program, version, _ = strings.Cut(strings.TrimSpace(string(out)), " ")
			return program, version, nil
		}
	}
	return "", "", process.Missing("there is no Python 3.11 or later that has pip")
}

// installPython makes an environment with exactly the packages that are pinned.
func installPython(ctx context.Context, base, dir string, pinned []byte) error {
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, pinned, 0o644); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, base, "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("make an environment: %w\n%s", err, out)
	}
	folder, err := exec.CommandContext(ctx, filepath.Join(dir, "bin", "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").Output()
	if err != nil {
		return fmt.Errorf("the environment: %w", err)
	}
	out, err := exec.CommandContext(ctx, base, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
		"--no-deps",           // the list is complete, but for what nobody imports
		"--only-binary=:all:", // nothing of the packages runs here
		"--no-compile",        // a program compiles what it imports, once
		"--require-hashes", "--retries=2", "--target", strings.TrimSpace(string(folder)), "-r", list).CombinedOutput()
	switch {
	case err != nil && pipUnreachable(out):
		return process.Missing("Python's registry can't be reached")
	case err != nil:
		return fmt.Errorf("pip install: %w\n%.4000s", err, out)
	}
	return nil
}

// pipUnreachable reports whether pip could not install, though nothing is wrong with the packages.
func pipUnreachable(out []byte) bool {
	signs := []string{"NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "NameResolutionError", "ProxyError", "Max retries exceeded"}
	return slices.ContainsFunc(signs, func(sign string) bool { return bytes.Contains(out, []byte(sign)) })
}
