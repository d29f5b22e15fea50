package program

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

// starter starts a launcher's programs, each by way of the relay's own binary: that process gives up its rights, bounds
// itself, and then becomes the program (inside_linux.go). Where the relay is killed, the system kills the program, and a
// watcher the rest of its group (watcher_linux.go).
type starter struct {
	// Static after newStarter.
	limits  Limits
	account *Account
	thread  *thread
	watcher *watcher
}

func newStarter(limits Limits, account *Account, f *folders) *starter {
	return &starter{
		limits:  limits,
		account: account,
		thread:  newThread(),
		watcher: &watcher{folders: f, groups: make(map[int]bool)},
	}
}

var errInside = errors.New("this binary does not call program.Inside when it starts")

// start runs a command, and returns when the program itself runs or ctx has ended.
func (s *starter) start(ctx context.Context, cmd *exec.Cmd) error {
	if os.Getenv("VOICERELAY_INSIDE") != "" {
		return errInside
	}
	told, err := json.Marshal(order{Path: cmd.Path, Args: cmd.Args, Env: cmd.Env, Limits: s.limits})
	if err != nil {
		return err
	}
	g, err := newGate()
	if err != nil {
		return err
	}
	defer g.close()
	s.disguise(cmd, g)
	// The death of the thread that starts a process counts as the death of its parent.
	if err := s.thread.do(cmd.Start); err != nil {
		return err
	}
	g.closeTheirs()
	if err := s.admit(ctx, cmd, g, told); err != nil {
		killGroup(cmd)
		_ = cmd.Wait() // it was killed
		s.watcher.forget(cmd.Process.Pid)
		return err
	}
	return nil
}

// disguise has a command run the relay's binary in place of the program.
func (s *starter) disguise(cmd *exec.Cmd, g *gate) {
	cmd.Path, cmd.Args = selfPath, []string{"relay", execVerb}
	cmd.Env = []string{insideMark, "GOMAXPROCS=1", "GOGC=off"} // it is about to be another program
	cmd.ExtraFiles = []*os.File{g.orderIn, g.faultOut}         // its descriptors 3 and 4
	cmd.SysProcAttr = ownGroup()
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if s.account != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: s.account.uid, Gid: s.account.gid}
	}
}

// admit tells the process what to become, once it is watched. It hears of a fault, or that there is none.
func (s *starter) admit(ctx context.Context, cmd *exec.Cmd, g *gate, told []byte) error {
	if err := s.watcher.add(cmd.Process.Pid); err != nil {
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
func (s *starter) ended(cmd *exec.Cmd) { s.watcher.forget(cmd.Process.Pid) }

// close is called when all programs have ended.
func (s *starter) close() {
	s.thread.stop()
	s.watcher.close()
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
