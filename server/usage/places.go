package usage

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// Bounds on reports. Those of a key leave places to others; in all they are as many as may hold their answers at a time.
const (
	mostReports        = 8
	mostReportsOfKey   = 2
	mostReportsWaiting = 16 // of a key, beyond those under way: the panels of a dashboard ask at the same time
	reportWait         = 5 * time.Second
)

// places bounds the reports under way, so that they take neither memory nor processors from speech. It is safe for
// concurrent use.
type places struct {
	all   chan struct{} // holds a token for each report under way
	reads chan struct{} // holds a token for each that reads the records now

	mu   sync.Mutex
	keys map[string]*keyReports // guarded by mu: by the key's name, those that ask now
}

// keyReports is the reports of one key.
type keyReports struct {
	places  chan struct{} // holds a token for each that is under way, or waits for others' to end
	present int           // under way or waiting; guarded by the mu of places
}

// newPlaces lets half of the processors read: the other half is speech's.
func newPlaces() *places {
	return &places{
		all:   make(chan struct{}, mostReports),
		reads: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		keys:  make(map[string]*keyReports),
	}
}

// enter waits for a place for a report, for a moment. A caller that gets one calls leave.
func (p *places) enter(ctx context.Context, key string) (leave func(), refused *protocol.Error) {
	own := p.join(key)
	if own == nil {
		return nil, tooManyReports()
	}
	ctx, cancel := context.WithTimeout(ctx, reportWait)
	defer cancel()
	if !takePlace(ctx, own.places) {
		p.quit(key)
		return nil, tooManyReports()
	}
	if !takePlace(ctx, p.all) {
		<-own.places
		p.quit(key)
		return nil, tooManyReports()
	}
	return func() {
		<-p.all
		<-own.places
		p.quit(key)
	}, nil
}

// read has a report read records while few enough others do.
func (p *places) read(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, reportPatience)
	defer cancel()
	if !takePlace(ctx, p.reads) {
		return ctx.Err()
	}
	defer func() { <-p.reads }()
	return ask(ctx)
}

// join notes a report of a key that comes in; nil: too many wait.
func (p *places) join(key string) *keyReports {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.keys[key]
	if own == nil {
		own = &keyReports{places: make(chan struct{}, mostReportsOfKey)}
		p.keys[key] = own
	}
	if own.present >= mostReportsOfKey+mostReportsWaiting {
		return nil
	}
	own.present++
	return own
}

// quit forgets a report that has gone, and a key with its last one.
func (p *places) quit(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.keys[key]
	if own.present--; own.present == 0 {
		delete(p.keys, key)
	}
}

// takePlace puts a token into places, unless ctx ends before there is room.
func takePlace(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func tooManyReports() *protocol.Error {
	return &protocol.Error{
		Code:       protocol.CodeRateLimitExceeded,
		Message:    fmt.Sprintf("%d usage reports of this key at a time, and %d of all keys", mostReportsOfKey, mostReports),
		RetryAfter: time.Second, // most reports take less
	}
}

// reportPatience bounds the making of one report.
const reportPatience = 30 * time.Second
