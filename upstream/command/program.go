package command

import (
	"context"
	"os"

	"voicerelay/program"
	"voicerelay/upstream"
)

// enter takes a place for a program. Where all are taken it tells so, and when that is over.
func (p *runner) enter(ctx context.Context, waits func(bool)) error {
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

// start runs the command for a text, in a place that was taken. The program is killed when ctx ends; close waits for it.
func (p *runner) start(ctx context.Context, voice, text string) (*program.Program, error) {
	prog, err := p.launch(ctx, voice, text)
	if err != nil {
		<-p.running
		return nil, err
	}
	p.wg.Go(func() {
		prog.Wait()
		<-p.running
	})
	return prog, nil
}

// launch starts the command in a folder of its own.
func (p *runner) launch(ctx context.Context, voice, text string) (*program.Program, error) {
	dir, err := p.launcher.Folder()
	if err != nil {
		return nil, &upstream.Error{Kind: noFolder.Kind, Message: noFolder.Message, Err: err}
	}
	cmd, err := p.command(ctx, dir, voice, text)
	if err != nil {
		_ = os.RemoveAll(dir) // what can't be taken away goes with the folder around it
		return nil, err
	}
	prog, err := p.launcher.Start(ctx, cmd)
	if err != nil {
		return nil, &upstream.Error{Kind: notStarted.Kind, Message: notStarted.Message, Err: err}
	}
	return prog, nil
}
