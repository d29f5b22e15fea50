package codec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"voicerelay/audio"
	"voicerelay/program"
)

const (
	// hangPatience is how long a program may take to start, to read what it is given, or to give the rest. All of that takes
	// milliseconds on a machine that is not overloaded.
	hangPatience = 5 * time.Second
	// silence is how much audio a program may have been given without giving anything, once hangPatience has passed as well.
	// The slowest that is known looks two seconds ahead, and gathers 4 KiB.
	silence = 15 * time.Second
)

// What can go wrong with a program.
var (
	errNotStarted = errors.New("the encoder can't be started")
	errHangs      = errors.New("the encoder hangs")
	errEndedEarly = errors.New("the encoder ended before its input")
	errFailed     = errors.New("the encoder failed")
)

// process is an encoder that is a program.
type process struct {
	// Static after startProcess.
	out    *output
	unit   int64 // bytes of input that are a second
	cancel context.CancelCauseFunc
	ready  chan struct{} // closed when the program runs, or can't
	over   chan struct{} // closed when nothing runs any more

	in *os.File // its standard input; static once ready is closed, nil where the program can't run

	mu       sync.Mutex
	finished bool // all input was written

	// Owned by the caller of Write and Finish.
	since   time.Time // when it last gave something, or began
	unheard int64     // bytes written since
	given   int64
}

// startProcess has a program run until the input ends, Close, or the end of ctx. It does not wait for it to start.
func startProcess(ctx context.Context, l *program.Launcher, command []string, f audio.Format, out *output) *process {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &process{
		out: out, unit: int64(f.Rate * f.BytesPerSample()), cancel: cancel, ready: make(chan struct{}), over: make(chan struct{}),
		since: time.Now(),
	}
	go p.run(ctx, l, command) // Close waits for it
	return p
}

// run is the program's life.
func (p *process) run(ctx context.Context, l *program.Launcher, command []string) {
	defer close(p.over)
	defer p.cancel(nil)
	prog, err := p.start(ctx, l, command)
	if err != nil {
		p.out.fail(fmt.Errorf("%w: %w", errNotStarted, err))
	}
	close(p.ready)
	if err != nil {
		return
	}
	var waiting sync.WaitGroup
	defer waiting.Wait()
	waiting.Go(prog.Wait)
	defer prog.Out.Close()
	_, err = io.Copy(p.out, prog.Out)
	if err != nil && ctx.Err() == nil {
		p.cancel(err) // nothing that it could still give is wanted
	}
	p.ended(ctx, prog.End(ctx))
}

// start starts the program.
func (p *process) start(ctx context.Context, l *program.Launcher, command []string) (*program.Program, error) {
	dir, err := l.Folder()
	if err != nil {
		return nil, err
	}
	theirs, in, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer theirs.Close() // the program has its own
	cmd, err := program.Command(ctx, dir, command[0], command[1:]...)
	if err != nil {
		return nil, errors.Join(err, in.Close(), os.RemoveAll(dir))
	}
	cmd.Stdin = theirs
	prog, err := l.Start(ctx, cmd)
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	p.in = in
	return prog, nil
}

// ended notes how the program ended, unless it ended well.
func (p *process) ended(ctx context.Context, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		p.out.fail(context.Cause(ctx))
	case err != nil:
		p.out.fail(fmt.Errorf("%w: %w", errFailed, err))
	case !p.finished:
		p.out.fail(errEndedEarly)
	}
}

// Write gives samples to the program.
func (p *process) Write(pcm []byte) (int, error) {
	if err := p.await(); err != nil {
		return 0, err
	}
	if err := p.in.SetWriteDeadline(time.Now().Add(hangPatience)); err != nil {
		return 0, err
	}
	n, err := p.in.Write(pcm)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, p.hangs()
	case err != nil: // the program has gone, which its end explains
		return n, p.explain()
	}
	return n, p.listen(n)
}

// await returns once the program runs.
func (p *process) await() error {
	select {
	case <-p.ready:
	case <-time.After(hangPatience):
		return p.hangs()
	}
	if p.in == nil {
		return p.out.failure()
	}
	return nil
}

// listen finds out whether the program still gives anything, having got so many bytes more.
func (p *process) listen(bytes int) error {
	given := p.out.total()
	if given != p.given {
		p.given, p.since, p.unheard = given, time.Now(), 0
	}
	p.unheard += int64(bytes)
	if p.unheard > int64(silence/time.Second)*p.unit && time.Since(p.since) > hangPatience {
		return p.hangs()
	}
	return nil
}

// hangs kills the program, and returns why.
func (p *process) hangs() error {
	p.cancel(errHangs)
	return p.explain()
}

// explain waits for the program's end, and returns what it was of.
func (p *process) explain() error {
	select {
	case <-p.over:
	case <-time.After(hangPatience):
		p.cancel(errHangs)
		<-p.over
	}
	if err := p.out.failure(); err != nil {
		return err
	}
	return errEndedEarly
}

// Finish ends the program's input, and waits for its end.
func (p *process) Finish() error {
	if err := p.await(); err != nil {
		return err
	}
	p.mu.Lock()
	p.finished = true
	p.mu.Unlock()
	if err := p.in.Close(); err != nil {
		return err
	}
	select {
	case <-p.over:
	case <-time.After(hangPatience):
		return p.hangs()
	}
	return p.out.failure()
}

// Close kills the program, if it runs.
func (p *process) Close() {
	p.cancel(context.Canceled)
	<-p.over
	if p.in != nil {
		_ = p.in.Close() // Finish may have done so
	}
}
