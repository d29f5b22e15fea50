package command

import (
	"sync"

	"voicerelay/program"
)

// runner runs the command of one provider, in bounded number.
type runner struct {
	// Static after newRunner.
	cfg      Config
	running  chan struct{} // a place for each program that may run
	launcher *program.Launcher

	wg sync.WaitGroup // a goroutine per program
}

func newRunner(cfg Config, owner *program.Account) *runner {
	return &runner{
		cfg:     cfg,
		running: make(chan struct{}, cfg.Processes),
		launcher: program.NewLauncher(program.Config{
			Account: owner, Folder: cfg.Folder, Limits: cfg.Limits, Lifetime: cfg.Timeout,
		}),
	}
}

// close waits for the programs, of which no other may be started, and takes their folder away.
func (p *runner) close() error {
	p.wg.Wait()
	return p.launcher.Close()
}
