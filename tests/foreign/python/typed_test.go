package python_test

import (
	"os"
	"path/filepath"
	"testing"
)

// The package installs, and its types are whole: those of its own code, and those that a program sees.
func TestTheClientInPythonIsTyped(t *testing.T) {
	source := filepath.Join(t.TempDir(), "source") // an installation leaves files behind in it
	if err := os.CopyFS(source, os.DirFS("../../../clients/python")); err != nil {
		t.Fatal(err)
	}
	python := withPackages(t, "python3.13", "mypy==2.4.1", "websockets==17.4", source)
	dir := t.TempDir()
	beside(t, dir)
	kept := filepath.Join(t.TempDir(), "voicerelay") // beside the program it would be taken in place of the installed one
	if err := os.Rename(filepath.Join(dir, "voicerelay"), kept); err != nil {
		t.Fatal(err)
	}
	strict := []string{"-m", "mypy", "--strict", "--python-version", "3.10"}
	execute(t, dir, python, append(strict, "plugin.py")...)
	if err := os.Rename(kept, filepath.Join(dir, "voicerelay")); err != nil {
		t.Fatal(err)
	}
	execute(t, dir, python, append(strict, "voicerelay")...)
}
