package program

import (
	"runtime"
	"sync"
)

// thread is one thread of the system that lives from its first function to stop. The system takes a process's parent for dead
// when the thread that started it ends, and threads of Go's end as they please.
type thread struct {
	start sync.Once
	jobs  chan func()
	over  chan struct{}
}

func newThread() *thread { return &thread{jobs: make(chan func()), over: make(chan struct{})} }

// do calls f on the thread, and waits for it. It must not be called after stop.
func (t *thread) do(f func() error) error {
	t.start.Do(func() { go t.run() }) // stop waits for it
	done := make(chan error)
	t.jobs <- func() { done <- f() }
	return <-done
}

func (t *thread) run() {
	defer close(t.over)
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	for job := range t.jobs {
		job()
	}
}

// stop ends the thread. What it has started must have ended.
func (t *thread) stop() {
	close(t.jobs)
	t.start.Do(func() { close(t.over) }) // it has never run
	<-t.over
}
