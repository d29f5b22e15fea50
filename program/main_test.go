package program

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if code, done := Inside(os.Args[1:]); done {
		syscall.Exit(code) // os.Exit would rest for a second where the race detector is on
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for a program.
const patience = time.Minute

// launch is a launcher that ends with the test.
func launch(t *testing.T) *Launcher {
	t.Helper()
	l := NewLauncher(Config{Folder: t.TempDir(), Limits: DefaultLimits(), Lifetime: patience})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

func folder(t *testing.T, l *Launcher) string {
	t.Helper()
	dir, err := l.Folder()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// start runs a program that is killed when ctx ends, or the test does.
func start(ctx context.Context, t *testing.T, l *Launcher, name string, args ...string) *Program {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	cmd, err := Command(ctx, folder(t, l), name, args...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Start(ctx, cmd)
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		p.Wait()
	}()
	t.Cleanup(func() {
		cancel()
		<-waited
		_ = p.Out.Close() // the test may have closed it
	})
	return p
}
