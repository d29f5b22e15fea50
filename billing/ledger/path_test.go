package ledger

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckPathSaysWhatOpenWould(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text, empty := write("text", "not a database at all"), write("empty", "")
	cases := map[string]struct{ path, want string }{
		"new":                 {filepath.Join(dir, "new.db"), ""},
		"in new folders":      {filepath.Join(dir, "a", "b", "new.db"), ""},
		"empty":               {empty, ""},
		"a folder":            {dir, "is no file"},
		"text":                {text, "is a file, but no ledger"},
		"below a file":        {filepath.Join(text, "new.db"), "not a directory"},
		"far below a file":    {filepath.Join(text, "a", "new.db"), "not a directory"},
		"a name of no length": {filepath.Join(dir, strings.Repeat("x", 300)), "file name too long"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			before := entries(t, dir)
			err := CheckPath(c.path)
			if got := entries(t, dir); got != before {
				t.Errorf("it left %d entries where there were %d", got, before)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Fatalf("CheckPath: %v, want %q", err, c.want)
			}
			l, openErr := Open(t.Context(), Config{Path: c.path})
			if (openErr == nil) != (err == nil) {
				t.Errorf("CheckPath: %v, but Open: %v", err, openErr)
			}
			if openErr == nil {
				if err := l.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func entries(t *testing.T, dir string) int {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// A relay that runs checks its own ledger when its configuration is loaded again. That must not end what SQLite has locked:
// another program would take itself for the last one, and remove the log that the relay goes on to write to.
func TestCheckPathFreesNoLock(t *testing.T) {
	sqlite, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("the program sqlite3 is missing: locks count between processes")
	}
	l, file := opened(t)
	speak(t, l, "rec-1", "acme", morning)
	if err := CheckPath(file); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(sqlite, file, "SELECT COUNT(*) FROM records").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if l.LogSize() == 0 {
		t.Error("the log is gone under the relay that writes it")
	}
	speak(t, l, "rec-2", "acme", morning)
	if out, err := exec.Command(sqlite, file, "SELECT COUNT(*) FROM records").CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "2" {
		t.Errorf("%s records, %v, want both", out, err)
	}
}
