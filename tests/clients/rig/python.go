package rig

import (
	"embed"
	"path/filepath"
	"sync"
	"testing"

	"voicerelay/tests/foreign/packages"
	"voicerelay/tests/process"
)

// pythonFiles are the packages that programs in Python may use, and the modules that they share.
//
//go:embed python
var pythonFiles embed.FS

// python is the interpreter with the packages, once a process.
var python = sync.OnceValues(func() (program string, err error) {
	pinned, err := pythonFiles.ReadFile("python/requirements.txt")
	if err != nil {
		return "", err
	}
	return packages.Python(pinned)
})

// Python runs a program of the test's folder with the pinned packages, to its end, and returns what it has told. A program that
// fails, or does not end, fails the test. Test folders lie beside each other: a program's module clients is the rig's.
func (r *Rig) Python(t *testing.T, script string, args ...string) *Told {
	t.Helper()
	l, err := started()
	process.Need(t, err)
	dir := t.TempDir()
	for _, module := range []string{"python/clients.py", "python/livekit_turns.py", "python/pipecat_bot.py"} {
		unpack(t, pythonFiles, module, dir)
	}
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	var trust []string
	if r.CA != "" {
		trust = append(trust, "SSL_CERT_FILE="+r.CA)
	}
	return r.run(t, r.job(dir, append([]string{path}, args...), trust...), l.execute)
}
