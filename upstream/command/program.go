package command

import (
	"context"
	"os"
	"os/exec"
	"time"

	"voicerelay/upstream"
)

const (
	// killPatience is how long a stream's end waits for that of a killed program, which the system may put off where
	// the program waits for a disk.
	killPatience = time.Second
	// pipePatience is how long pipes are held open that something outside the program's group has taken over.
	pipePatience = time.Second
)

// program is one run of the command.
type program struct {
	// Static after launch.
	cmd   *exec.Cmd
	out   *os.File      // the standard output; its reader closes it
	clean func()        // takes away what the run has left
	over  chan struct{} // closed when the program has ended and its group with it

	err error // how it ended; written before over is closed
}

// enter takes a place for a program. Where all are taken it tells so, and when that is over.
func (p *provider) enter(ctx context.Context, waits func(bool)) error {
	select {
	case p.running <- struct{}{}:
		return nil
	default:
	}
	waits(true)
	defer waits(false)
	select {
	case p.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return busy.Error("")
	}
}

// start runs the command for a text, in a place that was taken. The program is killed when ctx ends; the provider waits
// for it.
func (p *provider) start(ctx context.Context, voice, text string) (*program, error) {
	prog, err := p.launch(ctx, voice, text)
	if err != nil {
		<-p.running
		return nil, err
	}
	p.wg.Go(func() {
		prog.wait()
		<-p.running
	})
	return prog, nil
}

// launch starts the command in a folder of its own.
func (p *provider) launch(ctx context.Context, voice, text string) (*program, error) {
	dir, err := p.folders.take()
	if err != nil {
		return nil, &upstream.Error{Kind: noFolder.Kind, Message: noFolder.Message, Err: err}
	}
	clean := func() { _ = os.RemoveAll(dir) } // what can't be taken away goes with the folder around it
	cmd, err := p.command(ctx, dir, voice, text)
	if err != nil {
		clean()
		return nil, err
	}
	out, err := p.run(ctx, cmd)
	if err != nil {
		clean()
		return nil, &upstream.Error{Kind: notStarted.Kind, Message: notStarted.Message, Err: err}
	}
	return &program{
		cmd: cmd, out: out, over: make(chan struct{}),
		clean: func() {
			p.launcher.ended(cmd)
			clean()
		},
	}, nil
}

// run starts a command, and gives the end of the pipe where its output comes.
func (p *provider) run(ctx context.Context, cmd *exec.Cmd) (out *os.File, err error) {
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
	if err := p.launcher.start(ctx, cmd); err != nil {
		_ = out.Close() // nothing has been read
		return nil, err
	}
	return out, nil
}

// wait waits for the program and ends what it left running.
func (g *program) wait() {
	defer close(g.over)
	g.err = g.cmd.Wait()
	killGroup(g.cmd)
	_ = g.out.SetReadDeadline(time.Now().Add(pipePatience)) // fails where the reader is gone
	g.clean()
}

// end waits for the program, and but a moment once ctx has ended. It reports how the program ended, or that it was
// stopped.
func (g *program) end(ctx context.Context) error {
	select {
	case <-g.over:
		return g.err
	case <-ctx.Done():
	}
	patience := time.NewTimer(killPatience)
	defer patience.Stop()
	select {
	case <-g.over:
		return g.err
	case <-patience.C:
		return context.Cause(ctx)
	}
}
