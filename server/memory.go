package server

import (
	"runtime"
	runtimemetrics "runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// pressure is how near the process is to its memory limit.
type pressure int32

const (
	ample  pressure = iota
	scarce          // no new connections
	short           // no new generations either; those that run go on
)

var pressureNames = [...]string{ample: "ample", scarce: "scarce", short: "short"}

// From which part of the limit memory is scarce, and short, in percent; it is so until it has fallen by eased. What is left
// above is for speech that runs, and for the collector, which without room takes the processor's time instead.
const (
	scarceAt = 75
	shortAt  = 85
	eased    = 5
)

// collectEvery is how often garbage is collected at least while memory is scarce, or may be: only so is it known how much is
// in use, and that it is in use no more.
const collectEvery = time.Second

// memoryRetry is when those who are refused for want of memory may ask again.
const memoryRetry = time.Second

// memoryUse is what the process has of memory, in bytes.
type memoryUse struct {
	live        int64  // what the collector last found in use, and all that is not on the heap
	allocated   int64  // with what may be garbage
	collections uint64 // so far
}

// memory watches how near the process is to its limit.
type memory struct {
	limit   atomic.Int64 // 0: none
	level   atomic.Int32
	read    func() memoryUse
	collect func()

	// Owned by look.
	collections uint64
	collected   time.Time
}

func newMemory() *memory { return &memory{read: readMemory, collect: runtime.GC} }

func (m *memory) pressure() pressure { return pressure(m.level.Load()) }

// look notes how much is in use. Only Watch calls it.
func (m *memory) look(now time.Time, log zerolog.Logger) {
	limit, before := m.limit.Load(), m.pressure()
	if limit == 0 && before == ample {
		return
	}
	use := m.read()
	if use.collections != m.collections {
		m.collections, m.collected = use.collections, now
	}
	if m.mayBeScarce(use, before) && now.Sub(m.collected) >= collectEvery {
		m.collect()
		use = m.read()
		m.collections, m.collected = use.collections, now
	}
	after := pressureOf(use.live, limit, before)
	if after == before {
		return
	}
	m.level.Store(int32(after))
	log.Warn().Str("memory", pressureNames[after]).Int64("in_use_bytes", use.live).Int64("limit_bytes", limit).
		Msg("the memory limit is near, or no longer is")
}

func (m *memory) mayBeScarce(use memoryUse, before pressure) bool {
	return before != ample || pressureOf(use.allocated, m.limit.Load(), before) != ample
}

// pressureOf is the level at so many bytes in use.
func pressureOf(use, limit int64, before pressure) pressure {
	if limit == 0 {
		return ample
	}
	at := func(level pressure, percent int64) bool {
		if before >= level {
			percent -= eased
		}
		return use >= limit/100*percent
	}
	switch {
	case at(short, shortAt):
		return short
	case at(scarce, scarceAt):
		return scarce
	}
	return ample
}

// The runtime's own account of memory. What it has given back to the system counts as released, and not as used.
var memorySamples = [...]string{
	"/gc/heap/live:bytes",
	"/memory/classes/total:bytes",
	"/memory/classes/heap/objects:bytes",
	"/memory/classes/heap/unused:bytes",
	"/memory/classes/heap/free:bytes",
	"/memory/classes/heap/released:bytes",
	"/gc/cycles/total:gc-cycles",
}

// readMemory asks the runtime, which takes some microseconds.
func readMemory() memoryUse {
	var samples [len(memorySamples)]runtimemetrics.Sample
	for i, name := range memorySamples {
		samples[i].Name = name
	}
	runtimemetrics.Read(samples[:])
	value := func(i int) int64 { return int64(samples[i].Value.Uint64()) }
	objects := value(2)
	other := value(1) - objects - value(3) - value(4) - value(5)
	return memoryUse{live: value(0) + other, allocated: objects + other, collections: samples[6].Value.Uint64()}
}

// shortOfMemory refuses a connection as a relay does that goes away: its client, and a balancer, ask another one.
func shortOfMemory() *protocol.Error {
	return &protocol.Error{Code: protocol.CodeDraining, RetryAfter: memoryRetry, Message: "this relay is short of memory"}
}
