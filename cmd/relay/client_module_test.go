package main

import (
	"archive/zip"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	clientModule  = "github.com/voicerelay/voicerelay/client"
	clientFolder  = "../../client"
	clientVersion = "v0.1.0"
)

// The client is a module of its own, which go test ./... does not enter.
func TestTheClientsModule(t *testing.T) {
	for _, args := range [][]string{{"vet", "./..."}, {"test", "./..."}} {
		goCommand(t, clientFolder, nil, args...)
	}
}

// Who fetches the published client gets what it needs, and nothing of what the relay needs.
func TestTheClientCanBeFetched(t *testing.T) {
	proxy, user := publish(t), t.TempDir()
	source := "package main\n\nimport \"" + clientModule + "\"\n\nfunc main() { _ = client.Config{} }\n"
	if err := os.WriteFile(filepath.Join(user, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	// What this module has been built with is at hand without a network.
	cache := strings.TrimSpace(goCommand(t, user, nil, "env", "GOMODCACHE"))
	next := strings.TrimSpace(goCommand(t, user, nil, "env", "GOPROXY"))
	env := []string{
		"GOPROXY=file://" + proxy + ",file://" + filepath.Join(cache, "cache", "download") + "," + next,
		"GONOSUMDB=" + clientModule, "GOSUMDB=off", "GOMODCACHE=" + t.TempDir(), "GOFLAGS=-modcacherw",
	}
	goCommand(t, user, env, "mod", "init", "example.test/agent")
	goCommand(t, user, env, "get", clientModule+"@"+clientVersion)
	goCommand(t, user, env, "mod", "tidy")
	goCommand(t, user, env, "build", "-o", os.DevNull, ".")
	sums, err := os.ReadFile(filepath.Join(user, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if wrong := regexp.MustCompile("(?i)sqlite|redis|prometheus|zerolog").FindAll(sums, -1); wrong != nil || !strings.Contains(string(sums), clientModule) {
		t.Errorf("go.sum has %q:\n%s", wrong, sums)
	}
}

// publish makes a module proxy that has the client's module as it stands here.
func publish(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	at := filepath.Join(folder, clientModule, "@v", clientVersion)
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(clientFolder, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{".info": []byte(`{"Version":"` + clientVersion + `"}`), ".mod": mod} {
		if err := os.WriteFile(at+name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive, err := os.Create(at + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if err := pack(archive); err != nil {
		t.Fatal(err)
	}
	return folder
}

// pack writes the module's files as a proxy has them.
func pack(archive *os.File) error {
	w := zip.NewWriter(archive)
	module := os.DirFS(clientFolder)
	err := fs.WalkDir(module, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		file, err := w.Create(path.Join(clientModule+"@"+clientVersion, name))
		if err == nil {
			_, err = file.Write(data)
		}
		return err
	})
	if err != nil {
		return err
	}
	return w.Close()
}

// goCommand runs the go command in a folder and returns what it printed. It must succeed.
func goCommand(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir, command.Env = dir, append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
