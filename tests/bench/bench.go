package main

import (
	"fmt"
	"io"
	"runtime"
	"time"
)

// bench is one run.
type bench struct {
	settings *settings
	clock    clock
	dir      string // for the children's files; removed at the end
	relay    string // the program
	cores    cores
	progress io.Writer
	number   int // of the last utterance
}

// cores are who runs where; empty: anywhere.
type cores struct{ proxy, harness []int }

// divide gives the proxy the last core, and the others to vendor and clients.
func divide(allowed []int) cores {
	if len(allowed) < 2 {
		return cores{}
	}
	last := len(allowed) - 1
	return cores{proxy: allowed[last:], harness: allowed[:last]}
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "# %3.0f s: "+format+"\n", append([]any{b.clock.now().Seconds()}, args...)...)
}

// pin keeps this process to its cores until the returned function is called.
func (b *bench) pin() (func() error, error) {
	allowed := allowedCores()
	if b.settings.pin {
		b.cores = divide(allowed)
	}
	if b.cores.harness == nil {
		return func() error { return nil }, nil
	}
	if err := bindSelf(b.cores.harness); err != nil {
		return nil, err
	}
	before := runtime.GOMAXPROCS(len(b.cores.harness))
	return func() error {
		runtime.GOMAXPROCS(before)
		return bindSelf(allowed)
	}, nil
}

func (b *bench) conditions() conditions {
	return conditions{
		Cores:      len(b.cores.proxy) + len(b.cores.harness),
		Pinned:     b.cores.proxy != nil,
		Go:         runtime.Version(),
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
		Kernel:     kernel(),
		When:       time.Now().UTC().Format(time.RFC3339),
		FrameBytes: len(newAudioFrame("1").stamp(mark{}, 0)) - headerBytes,
		Duration:   b.settings.duration.Seconds(),
		Rounds:     b.settings.rounds,
	}
}
