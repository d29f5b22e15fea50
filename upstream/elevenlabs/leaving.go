package elevenlabs

import (
	"sync"
	"time"

	"voicerelay/upstream/vendorsocket"
)

// leaving counts the contexts of cancelled streams that the vendor has not ended yet, for a stream is off its socket only
// when all of them are.
type leaving struct {
	mu      sync.Mutex
	streams map[string]contexts
}

// contexts are those of one stream.
type contexts struct {
	open  int
	until time.Time // when the vendor must have given them up
}

// add notes a stream that left with so many contexts open, for so long at most.
func (l *leaving) add(stream string, open int, linger time.Duration) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, c := range l.streams { // few: those of the latest cancels
		if now.After(c.until) {
			delete(l.streams, id)
		}
	}
	if l.streams == nil {
		l.streams = make(map[string]contexts)
	}
	l.streams[stream] = contexts{open: open, until: now.Add(linger)}
}

// final notes the end of one of a stream's contexts. The last frees the stream's place on its socket.
func (l *leaving) final(m *vendorsocket.Mux, stream string) {
	if l.last(stream) {
		m.Confirm([]byte(stream))
	}
}

// last notes the end of one of a stream's contexts, and reports whether it was the last.
func (l *leaving) last(stream string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.streams[stream]
	if !ok {
		return false
	}
	c.open--
	if c.open > 0 {
		l.streams[stream] = c
		return false
	}
	delete(l.streams, stream)
	return true
}
