package ledger

import (
	"errors"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// fillDisk makes every file of this process unable to grow beyond a size, as a full disk does.
func fillDisk(t *testing.T, bytes uint64) (free func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // writes fail instead
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	full := before
	full.Cur = bytes
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	free = func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(free)
	return free
}

// A full disk is told to whoever closes and whoever wants to be admitted; nothing is lost, and once there is room
// everything goes on.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := path(t)
		l := mustOpen(t, Config{Path: file, Log: zerolog.Nop()})
		const n = 200
		enter(t, l, n)
		free := fillDisk(t, 512<<10)
		var recorded, kept int
		for i := range n {
			switch err := l.Close(t.Context(), finished(entry(name(i), "acme", morning))); {
			case err == nil:
				recorded++
			case errors.Is(err, ErrKept):
				kept++
			default:
				t.Fatalf("Close = %v", err)
			}
		}
		if kept == 0 || kept != l.Kept() {
			t.Errorf("%d told as kept, %d are, want the same and some", kept, l.Kept())
		}
		if err := l.Admit(t.Context(), entry("late", "acme", morning)); !errors.Is(err, ErrUnavailable) {
			t.Errorf("Admit = %v, want %v", err, ErrUnavailable)
		}
		free()
		eventually(t, "written again", func() bool { return l.available() == nil && l.Kept() == 0 })
		speak(t, l, "after", "acme", morning)
		if got := unshipped(t, l, l.Epoch(), "acme"); len(got) != n+1 || got[n].Seq != n+1 {
			t.Errorf("%d numbered records, want %d without a gap", len(got), n+1)
		}
		mustStop(t, l)
		mustBeSound(t, file)
		t.Logf("%d recorded, %d kept", recorded, kept)
	})
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	as(t, nobody, func() {
		l, err := Open(t.Context(), Config{Path: folder + "/ledger.db", Log: zerolog.Nop()})
		if !errors.Is(err, unix.EACCES) {
			t.Errorf("Open = %v, %v, want %v", l, err, unix.EACCES)
		}
	})
}

const nobody = 65534

// as runs body with the rights of a user to files.
func as(t *testing.T, user int, body func()) {
	t.Helper()
	if os.Getuid() != 0 {
		body() // no rights beyond the files' own
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread ends with the goroutine, and its rights with it
		if err := unix.Setfsuid(user); err != nil {
			t.Error(err)
			return
		}
		body()
	}()
	<-done
}
