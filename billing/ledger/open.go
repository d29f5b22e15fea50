package ledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"voicerelay/billing/ledger/filelock"
)

// Open opens a ledger for writing, makes it where there is none, and closes as interrupted what a crash left open.
// ctx bounds the opening alone. Whoever opens calls Stop.
func Open(ctx context.Context, cfg Config) (*Ledger, error) {
	l, err := open(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", cfg.Path, err)
	}
	return l, nil
}

func open(ctx context.Context, cfg Config) (*Ledger, error) {
	path, lock, err := filelock.Prepare(cfg.Path)
	if err != nil {
		return nil, err
	}
	w, err := newWriter(ctx, path, cfg)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	reader, err := OpenReader(ctx, path)
	if err != nil {
		return nil, errors.Join(err, w.disconnect(), lock.Close())
	}
	if isVolatile(filepath.Dir(path)) {
		cfg.Log.Warn().Str("path", path).Msg("the ledger is on a file system that is gone with the machine's next start")
	}
	committed := cfg.Committed
	if committed == nil {
		committed = func(time.Duration) {}
	}
	changed := cfg.Failing
	if changed == nil {
		changed = func(error, time.Duration) {}
	}
	l := &Ledger{
		committed: committed, changed: changed,
		log: cfg.Log, path: path, epoch: w.epoch, startedAt: w.startedAt, place: w.place, copied: w.copied, left: w.left, gone: lock.Note(w.epoch),
		reader: reader, lock: lock, writer: w,
		queue: make(chan *change, queueSize),
		poke:  make(chan struct{}, 1),
		stop:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	l.UsePrices(cfg.Prices)
	go func() {
		defer close(l.done)
		l.write()
	}()
	return l, nil
}

// Stop writes what waits, and closes the file. No other method may be called from then on, but by those who wait
// already. ctx bounds the waiting; the error says how many records were given up on.
func (l *Ledger) Stop(ctx context.Context) error {
	l.stopOnce.Do(func() { close(l.stop) })
	select {
	case <-l.done:
	case <-ctx.Done():
		return fmt.Errorf("ledger's last commit: %w", context.Cause(ctx))
	}
	var left error
	if n := l.Kept(); n > 0 {
		left = fmt.Errorf("%d records could not be written", n)
	}
	return errors.Join(left, l.reader.Close(), l.writer.disconnect(), l.lock.Close())
}
