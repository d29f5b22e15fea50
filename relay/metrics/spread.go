package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// A spread has buckets from 1 ms on, each a tenth wider than the one before: so a quantile is exact to a twentieth. The last one
// has all above 11 s, which is longer than any vendor is waited for.
const (
	spreadBuckets = 98
	spreadFirst   = time.Millisecond
	spreadGrowth  = 1.1
)

// Spread is how durations are spread. Those of several relays can be added, which their quantiles can't.
type Spread struct {
	counts [spreadBuckets]uint32
	total  uint32
}

// Note counts a duration.
func (s *Spread) Note(d time.Duration) {
	at := 0
	if d > spreadFirst {
		at = int(math.Log(float64(d)/float64(spreadFirst)) / math.Log(spreadGrowth))
	}
	s.counts[min(at, spreadBuckets-1)]++
	s.total++
}

// Add counts all of another one.
func (s *Spread) Add(other *Spread) {
	for i, n := range other.counts {
		s.counts[i] += n
	}
	s.total += other.total
}

// Quantile is the duration that a share of all is below, from 0 to 1; false: there is none.
func (s *Spread) Quantile(share float64) (time.Duration, bool) {
	if s.total == 0 {
		return 0, false
	}
	rank, seen := uint32(math.Ceil(share*float64(s.total))), uint32(0)
	for i, n := range s.counts {
		if seen += n; seen >= max(rank, 1) {
			middle := math.Pow(spreadGrowth, float64(i)+0.5)
			return time.Duration(middle * float64(spreadFirst)), true
		}
	}
	return 0, false
}

// MarshalJSON has the buckets that are not empty, by their numbers.
func (s *Spread) MarshalJSON() ([]byte, error) {
	full := make(map[string]uint32)
	for i, n := range s.counts {
		if n > 0 {
			full[strconv.Itoa(i)] = n
		}
	}
	return json.Marshal(full)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Spread) UnmarshalJSON(data []byte) error {
	var full map[int]uint32
	if err := json.Unmarshal(data, &full); err != nil {
		return fmt.Errorf("read spread: %w", err)
	}
	*s = Spread{}
	for i, n := range full {
		if i < 0 || i >= spreadBuckets {
			return fmt.Errorf("read spread: there is no bucket %d", i)
		}
		s.counts[i] = n
		s.total += n
	}
	return nil
}
