package process

import (
	"bytes"
	"sync"
)

// Log keeps what a process writes.
type Log struct {
	mu        sync.Mutex // guards what follows
	text      bytes.Buffer
	forbidden []string
	changed   chan struct{} // closed by the next write; nil: nobody waits for one
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return l.text.Write(p)
}

// News is closed once there is more.
func (l *Log) News() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

// Count is how often a text was logged.
func (l *Log) Count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.text.Bytes(), []byte(text))
}

// Forbid names what must not stand in the log, on top of signs of a broken process.
func (l *Log) Forbid(texts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forbidden = append(l.forbidden, texts...)
}

// Fault is the first forbidden thing that was logged, if any.
func (l *Log) Fault() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range append([]string{"DATA RACE", "panic", "goroutine "}, l.forbidden...) {
		if bytes.Contains(l.text.Bytes(), []byte(text)) {
			return text
		}
	}
	return ""
}

// Text is all that was logged.
func (l *Log) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// shown is how much of a log's end stands in a failure, in bytes.
const shown = 8000

// String is the end of the log.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.text.String()
	return s[max(0, len(s)-shown):]
}

// Whole is all that was logged.
func (l *Log) Whole() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
