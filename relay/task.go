package relay

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/rs/zerolog"
)

// task is what a generation is to do, and for whom: it is settled when the generation begins, and does not change.
type task struct {
	engine   *Engine
	req      Prepared
	recordID string
	began    time.Time
	log      zerolog.Logger
}

// sinceAdmission is a moment of the generation by the clock as it was at its admission. The clock may be set meanwhile; the
// monotonic clock counts what has passed, so that nothing ends before it began.
func (t *task) sinceAdmission(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return t.began.Add(at.Sub(t.began))
}

// newRecordID is unique over all relays: the time first, so that records sort, then 80 random bits.
func newRecordID(now time.Time) string {
	return fmt.Sprintf("%012x%s", now.UnixMilli(), rand.Text()[:16])
}
