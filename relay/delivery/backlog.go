package delivery

import "sync/atomic"

// maxBacklog is how many bytes may wait for all clients together without a memory limit: 128 connections that have all that
// each may have. With a memory limit it is a part of that, one in backlogPart.
const (
	maxBacklog  = 1 << 30
	backlogPart = 4
)

// unshared is how many bytes may wait for a client without being counted with those of others: a second of audio. So a client
// that reads touches no counter that all processors share, and is never held up for clients that don't read.
const unshared = 64 << 10

// Backlog is what waits for all clients together. One of them may have what is left of the whole: those with most are the
// first to get no more, and the more of them there are, the less each has.
type Backlog struct {
	bytes atomic.Int64
	most  atomic.Int64
}

// LimitTo sets the bound by a memory limit; 0: there is none.
func (b *Backlog) LimitTo(memory int64) { b.most.Store(MemoryShare(memory, maxBacklog)) }

// MemoryShare is how much of a memory limit may wait for clients in one way, at most the given number of bytes; without a
// limit (0) all of that.
func MemoryShare(memory, most int64) int64 {
	if memory == 0 {
		return most
	}
	return min(most, memory/backlogPart)
}

// Waiting is how many bytes are counted.
func (b *Backlog) Waiting() int64 { return b.bytes.Load() }
