package rig

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"voicerelay/tests/foreign/npm"
	"voicerelay/tests/foreign/packages"
	"voicerelay/tests/process"
)

// nodeFiles are the packages that programs in JavaScript may use, and the modules that they share.
//
//go:embed node
var nodeFiles embed.FS

// node installs the packages, and says in which folder they are.
var node = sync.OnceValues(func() (modules string, err error) {
	version, err := exec.Command("node", "--version").Output()
	if err != nil {
		return "", process.Missing("node is not installed")
	}
	files, err := fs.Sub(nodeFiles, "node/packages")
	if err != nil {
		return "", err
	}
	pinned, err := contents(files)
	if err != nil {
		return "", err
	}
	dir, err := packages.Cached("node", append(pinned, version...), func(dir string) error {
		if err := os.CopyFS(dir, files); err != nil {
			return err
		}
		return npm.Install(dir)
	})
	return filepath.Join(dir, "node_modules"), err
})

// Node runs a program of the test's folder with the pinned packages, to its end, and returns what it has told. A program that
// fails, or does not end, fails the test. It may import modules of its own folder, and the rig's: clients.mjs and
// livekit.mjs.
func (r *Rig) Node(t *testing.T, script string, args ...string) *Told {
	t.Helper()
	modules, err := node()
	process.Need(t, err)
	// Node looks for packages in the folders above a program, so it runs as a copy, beside a link to them.
	dir := t.TempDir()
	for _, module := range []string{"node/clients.mjs", "node/livekit.mjs"} {
		unpack(t, nodeFiles, module, dir)
	}
	folder, script := filepath.Split(script)
	own, err := fs.Glob(os.DirFS(filepath.Join(".", folder)), "*.mjs")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range own {
		unpack(t, os.DirFS(filepath.Join(".", folder)), name, dir)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	var trust []string
	if r.CA != "" {
		trust = append(trust, "NODE_EXTRA_CA_CERTS="+r.CA)
	}
	return r.run(t, r.job(dir, append([]string{"node", script}, args...), trust...), execute)
}

// unpack copies a file into a folder, under its own name.
func unpack(t *testing.T, from fs.FS, path, dir string) {
	t.Helper()
	data, err := fs.ReadFile(from, path)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, filepath.Base(path)), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// contents are the files of a tree, each with its name.
func contents(tree fs.FS) (all []byte, err error) {
	err = fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, path)
		all = fmt.Appendf(all, "%s %d\n%s", path, len(data), data)
		return err
	})
	return all, err
}
