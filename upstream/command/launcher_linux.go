package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// launcher starts a provider's programs, each by way of the relay's own binary: that process gives up its rights, bounds
// itself, and then becomes the program (inside_linux.go). Where the relay is killed, the system kills the program, and a
// watcher the rest of its group (watcher_linux.go).
type launcher struct {
	// Static after newLauncher.
	limits  Limits
	account *account
	thread  *thread
	watcher *watcher
}

func newLauncher(cfg Config, owner *account, f *folders) *launcher {
	return &launcher{
		limits:  cfg.Limits.settled(cfg.Timeout, owner != nil),
		account: owner,
		thread:  newThread(),
		watcher: &watcher{folders: f, groups: make(map[int]bool)},
	}
}

var errInside = errors.New("this binary does not call command.Inside when it starts")

// start runs a command, and returns when the program itself runs or ctx has ended.
func (l *launcher) start(ctx context.Context, cmd *exec.Cmd) error {
	if os.Getenv("VOICERELAY_INSIDE") != "" {
		return errInside
	}
	told, err := json.Marshal(order{Path: cmd.Path, Args: cmd.Args, Env: cmd.Env, Limits: l.limits})
	if err != nil {
		return err
	}
	g, err := newGate()
	if err != nil {
		return err
	}
	defer g.close()
	l.disguise(cmd, g)
	// The death of the thread that starts a process counts as the death of its parent.
	if err := l.thread.do(cmd.Start); err != nil {
		return err
	}
	g.closeTheirs()
	if err := l.admit(ctx, cmd, g, told); err != nil {
		killGroup(cmd)
		_ = cmd.Wait() // it was killed
		l.watcher.forget(cmd.Process.Pid)
		return err
	}
	return nil
}

// disguise has a command run the relay's binary in place of the program.
func (l *launcher) disguise(cmd *exec.Cmd, g *gate) {
	cmd.Path, cmd.Args = selfPath, []string{"relay", execVerb}
	cmd.Env = []string{insideMark, "GOMAXPROCS=1", "GOGC=off"} // it is about to be another program
	cmd.ExtraFiles = []*os.File{g.orderIn, g.faultOut}         // its descriptors 3 and 4
	cmd.SysProcAttr = ownGroup()
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if l.account != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: l.account.uid, Gid: l.account.gid}
	}
}

// admit tells the process what to become, once it is watched. It hears of a fault, or that there is none.
func (l *launcher) admit(ctx context.Context, cmd *exec.Cmd, g *gate, told []byte) error {
	if err := l.watcher.add(cmd.Process.Pid); err != nil {
		return fmt.Errorf("watch the program: %w", err)
	}
	if _, err := g.orderOut.Write(told); err != nil && ctx.Err() == nil { // else it was killed meanwhile, which its end tells
		return err
	}
	_ = g.orderOut.Close() // what was written counts
	fault, err := io.ReadAll(io.LimitReader(g.faultIn, maxFault))
	if err != nil {
		return err
	}
	if len(fault) > 0 {
		return errors.New(string(fault))
	}
	return nil
}

// ended is called when the program has been waited for and its group killed.
func (l *launcher) ended(cmd *exec.Cmd) { l.watcher.forget(cmd.Process.Pid) }

// close is called when all programs have ended.
func (l *launcher) close() {
	l.thread.stop()
	l.watcher.close()
}

// maxFault bounds what is read of why a program can't be started.
const maxFault = 1 << 10

// gate is where a process waits for its order, and tells why it can't carry it out. The second pipe closes when it has become
// the program.
type gate struct{ orderIn, orderOut, faultIn, faultOut *os.File }

func newGate() (*gate, error) {
	orderIn, orderOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	faultIn, faultOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, orderIn.Close(), orderOut.Close())
	}
	return &gate{orderIn, orderOut, faultIn, faultOut}, nil
}

// closeTheirs closes the ends that the process has, without which their other ends would never see it go.
func (g *gate) closeTheirs() {
	_ = g.orderIn.Close() // the process has its own
	_ = g.faultOut.Close()
}

func (g *gate) close() {
	g.closeTheirs()
	_ = g.orderOut.Close() // all has been written, or the reader is gone
	_ = g.faultIn.Close()
}
