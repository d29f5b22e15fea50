package ledger

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// fresh is the path of an empty file.
func fresh(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ledger.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestOpenRefuses(t *testing.T) {
	cases := []struct {
		name string
		make func(t *testing.T, file string)
		want error
	}{
		{"text", func(t *testing.T, file string) {
			write(t, file, []byte(strings.Repeat("not a database\n", 1000)))
		}, ErrDamaged},
		{"a database of something else", func(t *testing.T, file string) {
			tamper(t, file, "CREATE TABLE other (x)")
		}, ErrForeign},
		{"a ledger of a newer version", func(t *testing.T, file string) {
			sound(t, file)
			tamper(t, file, "PRAGMA user_version = 99")
		}, ErrForeign},
		{"a page that was overwritten", func(t *testing.T, file string) {
			sound(t, file)
			content := contents(t, file)
			copy(content[4096:], bytes.Repeat([]byte{0xff}, 4096))
			write(t, file, content)
		}, ErrDamaged},
		{"a file that was cut short", func(t *testing.T, file string) {
			sound(t, file)
			write(t, file, contents(t, file)[:3*4096])
		}, ErrDamaged},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := fresh(t)
			c.make(t, file)
			before := contents(t, file)
			l, err := Open(t.Context(), Config{Path: file, Log: zerolog.Nop()})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("Open = %v, %v, want %v with the path", l, err, c.want)
			}
			if !bytes.Equal(contents(t, file), before) {
				t.Error("what was refused was changed")
			}
		})
	}
}

func TestOpenReaderRefuses(t *testing.T) {
	empty := fresh(t)
	if _, err := OpenReader(t.Context(), empty); !errors.Is(err, ErrForeign) {
		t.Errorf("an empty file = %v, want %v", err, ErrForeign)
	}
	missing := filepath.Join(t.TempDir(), "ledger.db")
	if _, err := OpenReader(t.Context(), missing); err == nil {
		t.Error("a missing file: no error")
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a reader made the file: %v", err)
	}
}

func TestSecondOpenerIsKeptOut(t *testing.T) {
	l, file := opened(t)
	link, hard := filepath.Join(t.TempDir(), "other-name.db"), filepath.Join(t.TempDir(), "hard.db")
	if err := errors.Join(os.Symlink(file, link), os.Link(file, hard)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, link, hard} {
		if _, err := Open(t.Context(), Config{Path: name, Log: zerolog.Nop()}); !errors.Is(err, ErrLocked) {
			t.Errorf("a second opener of %s = %v, want %v", name, err, ErrLocked)
		}
		mustBeSound(t, file) // reading it in this process frees no lock
	}
	speak(t, l, "rec-1", "acme", morning) // the first goes on
	if _, err := Open(t.Context(), Config{Path: hard, Log: zerolog.Nop()}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second opener later on = %v, want %v", err, ErrLocked)
	}
}

func TestPathWithOddCharacters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a folder?mode=ro#x%41", "ledger.db")
	l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	speak(t, l, "rec-1", "acme", morning)
	mustStop(t, l)
	if v := mustBeSound(t, file); v.Records != 1 {
		t.Errorf("%d records, want one", v.Records)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v, want it the owner's alone", info, err)
	}
}

func TestVolatileFolderIsWarnedOf(t *testing.T) {
	folder := memory(t)
	if !isVolatile(folder) {
		t.Skip("there is no memory file system at /dev/shm")
	}
	var log bytes.Buffer
	mustStop(t, mustOpen(t, Config{Path: filepath.Join(folder, "ledger.db"), Log: zerolog.New(&log)}))
	if !strings.Contains(log.String(), "next start") {
		t.Errorf("log = %q, want a warning", log.String())
	}
}

// sound makes a ledger of some pages.
func sound(t *testing.T, file string) {
	t.Helper()
	l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
	enter(t, l, 200)
	mustStop(t, l)
}

// tamper changes a file while the ledger does not look.
func tamper(t *testing.T, file string, statements ...string) {
	t.Helper()
	name, err := source(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
