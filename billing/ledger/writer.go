package ledger

import (
	"context"
	"errors"
	"os"
	"time"

	"voicerelay/billing/ledger/filelock"
)

// writer is the state of the goroutine that writes.
type writer struct {
	// Static after newWriter.
	path      string
	identity  os.FileInfo // of the file
	epoch     string
	startedAt time.Time
	retention time.Duration
	place     string   // device and inode of the file; "" where the system does not tell
	copied    bool     // the file was elsewhere when it was last written
	left      []string // records that were open at the start

	logLimit  int64     // bytes of SQLite's log beyond which the operator is told
	toldOfLog time.Time // when that was last done

	events    *Events          // what sinks want
	committed map[string]int64 // by tenant, the last number of the epoch that is in the file
	store     *store           // nil: to be connected again
	withdraw  []*change        // entries of which no client was told, bounded by maxBatch and queueSize
}

// Delays between attempts to write again: as long as the first, then twice as long each time.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// Times of regular work.
const (
	pruneEvery = time.Hour
	lookEvery  = 10 * time.Second // whether the file still is where it was
)

// newWriter makes the file ready, and closes what a crash left open.
func newWriter(ctx context.Context, path string, cfg Config) (*writer, error) {
	if err := examine(ctx, path); err != nil {
		return nil, err
	}
	identity, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	w := &writer{path: path, identity: identity, startedAt: now(), retention: cfg.Retention, logLimit: walWarning, committed: make(map[string]int64), events: new(Events)}
	w.epoch = newEpoch(w.startedAt)
	if err = w.connect(ctx); err == nil {
		_, err = w.store.apply([]*change{newChange(subscription{cfg.Events.withDefaults()})}) // before anything is closed
	}
	if err == nil {
		err = w.takeOver(ctx, cfg)
	}
	if err != nil {
		return nil, errors.Join(err, w.disconnect())
	}
	return w, nil
}

// takeOver looks at what the start before left, and closes it unless others are to be asked first.
func (w *writer) takeOver(ctx context.Context, cfg Config) (err error) {
	var before string
	if err := w.store.row(`SELECT place FROM file`).Scan(&before); err != nil {
		return asDamage(err)
	}
	w.place = filelock.PlaceOf(w.identity)
	w.copied = before != "" && before != w.place
	if before == "" { // a new file, or one of an earlier version
		if err := w.store.exec(`UPDATE file SET place = ?`, w.place); err != nil {
			return asDamage(err)
		}
	}
	if err := w.store.keepPrices(cfg.Prices); err != nil { // what a version without price lists left is of this one, if known
		return err
	}
	if w.left, err = w.store.openNow(ctx); err != nil || cfg.AskFirst {
		return err
	}
	return w.store.interrupt(w.left, w.startedAt, w.place)
}

// examine looks at a file before anything is written to it. An empty one becomes a ledger, one of an earlier version one
// of this.
func examine(ctx context.Context, path string) error {
	db, err := openReading(path)
	if err != nil {
		return err
	}
	fresh, err := checkForm(ctx, db)
	older := errors.Is(err, errOlder)
	if older {
		err = nil
	}
	if err == nil && !fresh {
		err = checkSound(ctx, db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	switch {
	case older:
		return migrate(ctx, path)
	case !fresh:
		return nil
	}
	if db, err = openWriting(path); err != nil {
		return err
	}
	return errors.Join(create(ctx, db), db.Close())
}

// connect opens the file, where it is not open.
func (w *writer) connect(ctx context.Context) error {
	if w.store != nil {
		return nil
	}
	if !w.present() {
		return errMoved
	}
	s, err := connect(ctx, w.path)
	if err != nil {
		return err
	}
	s.committed, s.events = w.committed, w.events
	if err := s.ready(ctx, w.epoch, w.startedAt.UnixMilli()); err != nil {
		return errors.Join(err, s.close())
	}
	w.store = s
	return nil
}

// disconnect closes the file, where it is open.
func (w *writer) disconnect() error {
	if w.store == nil {
		return nil
	}
	err := w.store.close()
	w.store = nil
	return err
}

// present reports whether the file is still where it was: what is written to one that was removed is lost.
func (w *writer) present() bool {
	found, err := os.Stat(w.path)
	return err == nil && os.SameFile(found, w.identity)
}

// commit writes changes in one transaction, and gives each its result. A change that the database takes offense at
// is left out of it.
func (w *writer) commit(changes []*change) error {
	for {
		err := w.connect(context.Background())
		if err != nil {
			return err
		}
		offender, err := w.store.apply(changes)
		if err == nil {
			return nil
		}
		// Closing rolls back; what it says beyond that is said by the next attempt as well.
		_ = w.disconnect()
		if offender == nil || !isRefusal(err) {
			return err
		}
		offender.refused, offender.result = true, err
	}
}
