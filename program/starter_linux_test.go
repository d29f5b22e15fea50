package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The system takes the end of the thread that started a process for the end of its parent.
func TestAProgramOutlivesTheThreadThatAskedForIt(t *testing.T) {
	l := launch(t)
	cmd, in, out := piped(t)
	asked, thread := make(chan error), ""
	onPassingThread(func() {
		thread = filepath.Join("/proc/self/task", strconv.Itoa(syscall.Gettid()))
		asked <- l.starter.start(context.Background(), cmd)
	})
	if err := <-asked; err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(thread); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the thread does not end")
		}
	}
	_ = errors.Join(cmd.Stdin.(*os.File).Close(), cmd.Stdout.(*os.File).Close()) // so that the program's end is the output's
	if _, err := fmt.Fprintln(in, "alive"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "alive\n" {
		t.Errorf("got %q, %v; want that the program lives", line, err)
	}
	_ = in.Close() // which ends it
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	l.starter.ended(cmd)
}

// onPassingThread has f called on a thread of the system that ends with it.
func onPassingThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if syscall.Gettid() != syscall.Getpid() {
			f() // never unlocked: the thread ends with this goroutine
			return
		}
		defer runtime.UnlockOSThread()
		over := make(chan bool)
		onPassingThread(func() { // another, since the process's first thread never ends
			defer close(over)
			f()
		})
		<-over
	}()
}

// piped is a command with both ends of its pipes.
func piped(t *testing.T) (cmd *exec.Cmd, in, out *os.File) {
	t.Helper()
	path, err := Find("cat")
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(path)
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, f := range []*os.File{in, out, theirIn, theirOut} {
			_ = f.Close() // some are closed
		}
	})
	cmd.Stdin, cmd.Stdout = theirIn, theirOut
	return cmd, in, out
}

// A watcher that somebody has killed is replaced, and the new one knows of the programs that run.
func TestAWatcherThatWasKilledIsReplaced(t *testing.T) {
	l := launch(t)
	w := l.starter.watcher
	var first *exec.Cmd
	for i := range 2 {
		start(t.Context(), t, l, "sleep", "1000")
		w.mu.Lock()
		if len(w.groups) != i+1 || w.cmd == first {
			t.Errorf("%d groups are watched by %v, want %d by a process of their own", len(w.groups), w.cmd, i+1)
		}
		first = w.cmd
		if err := w.cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		for written := error(nil); written == nil; { // until the reader is gone
			_, written = fmt.Fprintln(w.tell)
		}
		w.mu.Unlock()
	}
}

// What the watcher does when the relay is gone.
func TestTheWatcherKillsWhatIsLeft(t *testing.T) {
	left, ended := exec.Command("sh", "-c", "sleep 1000 & sleep 1000"), exec.Command("sleep", "1000")
	for _, cmd := range []*exec.Cmd{left, ended} {
		cmd.SysProcAttr = ownGroup()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "programs-1")
	if err := os.MkdirAll(filepath.Join(dir, "run-1"), 0o700); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error)
	go func() { waited <- left.Wait() }()
	told := fmt.Sprintf("%d\n1\nnonsense\n%d\n-%d\n", left.Process.Pid, ended.Process.Pid, ended.Process.Pid)
	watcherOf(t, told, dir)
	if err := <-waited; err == nil {
		t.Error("a program of a relay that is gone ends well")
	}
	if err := syscall.Kill(-left.Process.Pid, 0); err == nil {
		t.Error("its child lives")
	}
	if err := ended.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("a group that had been said to be over was killed: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is left: %v", err)
	}
	killGroup(ended)
	_ = ended.Wait() // killed
}

// watcherOf runs a watcher that is told some lines, and whose relay is then gone.
func watcherOf(t *testing.T, told, dir string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], watchVerb, dir)
	cmd.Env = []string{insideMark}
	cmd.Stdin = strings.NewReader(told)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
}

// A process whose relay ended before it had said what to become becomes nothing.
func TestAHalfOrderIsNone(t *testing.T) {
	for _, told := range []string{"", `{"Path":"/bin/tr`} {
		if err := become(strings.NewReader(told)); err == nil || !strings.Contains(err.Error(), "relay is gone") {
			t.Errorf("%q: got %v", told, err)
		}
	}
}

// A binary that does not know what it is asked for must not run itself over and over.
func TestOnlyARelayStartsPrograms(t *testing.T) {
	t.Setenv("VOICERELAY_INSIDE", "1")
	l := launch(t)
	cmd, err := Command(t.Context(), folder(t, l), "true")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Start(t.Context(), cmd); !errors.Is(err, errInside) {
		t.Errorf("got %v", err)
	}
}

// Who lacks the rights is told which.
func TestARelayWithoutRightsRunsNothingAsAnother(t *testing.T) {
	refused := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine, and has lost its rights
		if err := giveUpRights(); err != nil {
			refused <- err
			return
		}
		refused <- CheckAccount("64321:64322")
	}()
	if err := <-refused; err == nil || !strings.Contains(err.Error(), "it needs to be root, or to have CAP_SETUID, CAP_SETGID") {
		t.Errorf("got %v, want what is lacking", err)
	}
}
