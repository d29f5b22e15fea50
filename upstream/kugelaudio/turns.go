package kugelaudio

import (
	"sync/atomic"
	"time"
)

// flushedFor is how long every piece is flushed at a vendor that was seen to wait for flushes. A busy one may only have
// been slow.
const flushedFor = 10 * time.Minute

// turns is what is known of when the vendor begins to speak: of itself where a sentence is sure to have ended, as its
// reference has it, or at a flush alone, as what stands in its place may.
type turns struct{ flushed atomic.Int64 } // until then, in Unix nanoseconds

// waited notes that the vendor did not begin of itself.
func (t *turns) waited(now time.Time) { t.flushed.Store(now.Add(flushedFor).UnixNano()) }

// needFlush reports whether each piece needs a flush.
func (t *turns) needFlush(now time.Time) bool { return now.UnixNano() < t.flushed.Load() }
