package ship

import (
	"cmp"
	"math"
	"strings"
)

// farHour is after every hour.
const farHour = int64(math.MaxInt32)

// spot is an hour of a tenant that has records.
type spot struct {
	hour   int64
	tenant string
}

// place is where a record lies. Record ids begin with the time of admission, so that they sort by it.
type place struct {
	spot
	recordID string
	entry    string // id in the hour's stream
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.hour, b.hour), cmp.Compare(a.recordID, b.recordID))
}

// parsePlace reads an entry of an hour's ids: its last two parts are the record's id and its place in the stream.
func parsePlace(at spot, member string) (place, error) {
	parts := strings.Split(strings.TrimPrefix(member, "r"), "\x00")
	if len(parts) < 2 {
		return place{}, errStored
	}
	return place{spot: at, recordID: parts[len(parts)-2], entry: parts[len(parts)-1]}, nil
}
