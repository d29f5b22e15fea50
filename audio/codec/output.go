package codec

import (
	"errors"
	"sync"
)

// maxWaiting bounds what waits of a stream that nobody takes. What is taken after each Write is a fraction of it: only an
// encoder that gives more than it gets comes here.
const maxWaiting = 4 << 20

var errTooMuch = errors.New("the encoder gives more than it gets")

// output is what an encoder has given and nobody has taken.
type output struct {
	came chan struct{} // holds one token while there may be something to take

	mu      sync.Mutex // guards what follows
	waiting []byte
	given   int64 // bytes, in all
	err     error // why there is no more
}

func newOutput() *output { return &output{came: make(chan struct{}, 1)} }

// Write takes what an encoder gives.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting)+len(p) > maxWaiting {
		return 0, errTooMuch
	}
	o.waiting = append(o.waiting, p...)
	o.given += int64(len(p))
	o.notify()
	return len(p), nil
}

// fail says why there is no more. The first reason counts.
func (o *output) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
		o.notify()
	}
}

// notify has the taker look.
func (o *output) notify() {
	select {
	case o.came <- struct{}{}:
	default:
	}
}

// take appends what waits to dst. Its error says that nothing comes after it.
func (o *output) take(dst []byte) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	dst = append(dst, o.waiting...)
	o.waiting = o.waiting[:0]
	return dst, o.err
}

// failure is why there is no more, or nil.
func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// total is how many bytes came in all.
func (o *output) total() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.given
}
