package program

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// watcher is a process of the relay's own binary that outlives the relay: it is told which groups of processes run, and kills
// them when the pipe to the relay closes before it was told that they have ended. The system itself kills the program of a
// relay that was killed, and nothing that the program has started.
type watcher struct {
	// Static.
	folders *folders

	// Guarded by mu.
	mu     sync.Mutex
	cmd    *exec.Cmd // nil: none runs
	tell   *os.File
	groups map[int]bool
}

// add has a group watched.
func (w *watcher) add(group int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.groups[group] = true
	if w.cmd != nil {
		if _, err := fmt.Fprintf(w.tell, "%d\n", group); err == nil {
			return nil
		}
		_ = w.endLocked() // somebody has killed it
	}
	return w.startLocked()
}

// forget is told when a group has been killed.
func (w *watcher) forget(group int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.groups[group] {
		return
	}
	delete(w.groups, group)
	if w.cmd != nil {
		_, _ = fmt.Fprintf(w.tell, "-%d\n", group) // one that is gone needs to know nothing
	}
}

// startLocked starts a process that knows all groups.
func (w *watcher) startLocked() error {
	own, err := w.folders.place()
	if err != nil {
		return err
	}
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close() // the process has its own
	cmd := exec.Command(selfPath)
	cmd.Args = []string{"relay", watchVerb, own}
	cmd.Env = []string{insideMark, "GOMAXPROCS=1"}
	cmd.Stdin = in
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what is sent to the relay's group does not reach it
	if err := cmd.Start(); err != nil {
		return errors.Join(err, out.Close())
	}
	w.cmd, w.tell = cmd, out
	for group := range w.groups {
		if _, err := fmt.Fprintf(out, "%d\n", group); err != nil {
			return errors.Join(err, w.endLocked())
		}
	}
	return nil
}

// endLocked ends the process: that of a relay without programs has nothing to kill.
func (w *watcher) endLocked() error {
	if w.cmd == nil {
		return nil
	}
	_ = w.tell.Close() // what was written counts
	err := w.cmd.Wait()
	w.cmd = nil
	return err
}

// close is called when all programs have ended.
func (w *watcher) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.endLocked() // one that somebody has killed is not missed any more
}

const (
	// strayPatience is how long a killed group may take to be gone: it may wait for a disk.
	strayPatience = 5 * time.Second
	strayPeriod   = 10 * time.Millisecond
)

// watch is the process itself: it reads which groups run, and when no one writes any more it kills those that are left and
// takes away the folder in which they worked.
func watch(from io.Reader, dir string) {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) // a service's stop reaches all its processes, and this is to be the last
	groups := make(map[int]bool)
	for lines := bufio.NewScanner(from); lines.Scan(); {
		group, err := strconv.Atoi(lines.Text())
		switch {
		case err != nil:
		case group > 1: // 1 would stand for everything
			groups[group] = true
		default:
			delete(groups, -group)
		}
	}
	for deadline := time.Now().Add(strayPatience); len(groups) > 0 && time.Now().Before(deadline); time.Sleep(strayPeriod) {
		for group := range groups {
			if errors.Is(syscall.Kill(-group, syscall.SIGKILL), syscall.ESRCH) {
				delete(groups, group)
			}
		}
	}
	_ = os.RemoveAll(dir) // else the next relay does
}
