package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// newEpoch names a start, or a file: the time first, so that names sort, then 80 random bits.
func newEpoch(at time.Time) string { return fmt.Sprintf("%012x%s", at.UnixMilli(), rand.Text()[:16]) }

// epochStart is when an epoch began, in milliseconds since 1970.
func epochStart(epoch string) (int64, error) {
	const digits = 12
	if len(epoch) < digits {
		return 0, errEpoch
	}
	ms, err := strconv.ParseInt(epoch[:digits], 16, 64)
	if err != nil {
		return 0, errEpoch
	}
	return ms, nil
}

var errEpoch = errors.New("not an epoch's name")

// now is when something is written, as the file has it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
