package program

import (
	"context"
	"os"
	"os/exec"
	"time"
)

const (
	// killPatience is how long an end is waited for that of a killed program, which the system may put off where the program
	// waits for a disk.
	killPatience = time.Second
	// pipePatience is how long pipes are held open that something outside the program's group has taken over.
	pipePatience = time.Second
)

// Program is one run of a program.
type Program struct {
	// Out is its standard output; who reads it closes it.
	Out *os.File

	// Static after Start.
	launcher *Launcher
	cmd      *exec.Cmd
	over     chan struct{} // closed when the program has ended and its group with it

	err error // how it ended; written before over is closed
}

// Start runs a command of Command, whose folder it takes over, and returns when the program itself runs. Wait must be called
// then.
func (l *Launcher) Start(ctx context.Context, cmd *exec.Cmd) (*Program, error) {
	out, err := l.start(ctx, cmd)
	if err != nil {
		clean(cmd)
		return nil, err
	}
	return &Program{Out: out, launcher: l, cmd: cmd, over: make(chan struct{})}, nil
}

// start starts a command, and gives the end of the pipe where its output comes.
func (l *Launcher) start(ctx context.Context, cmd *exec.Cmd) (out *os.File, err error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close() // the program has its own
	cmd.Stdout = in
	cmd.WaitDelay = pipePatience
	cmd.Cancel = func() error {
		killGroup(cmd)
		return out.SetReadDeadline(time.Now()) // what it has written and has not been read is not wanted
	}
	if err := l.starter.start(ctx, cmd); err != nil {
		_ = out.Close() // nothing has been read
		return nil, err
	}
	return out, nil
}

// clean takes away what a run has left. What can't be taken away goes with the folder around it.
func clean(cmd *exec.Cmd) { _ = os.RemoveAll(cmd.Dir) }

// Wait waits for the program and ends what it left running. It is called once.
func (p *Program) Wait() {
	defer close(p.over)
	p.err = p.cmd.Wait()
	killGroup(p.cmd)
	_ = p.Out.SetReadDeadline(time.Now().Add(pipePatience)) // fails where the reader is gone
	p.launcher.starter.ended(p.cmd)
	clean(p.cmd)
}

// End waits for the program's end, and but a moment once ctx has ended. It reports how the program ended, or that it was
// stopped.
func (p *Program) End(ctx context.Context) error {
	select {
	case <-p.over:
		return p.err
	case <-ctx.Done():
	}
	patience := time.NewTimer(killPatience)
	defer patience.Stop()
	select {
	case <-p.over:
		return p.err
	case <-patience.C:
		return context.Cause(ctx)
	}
}
