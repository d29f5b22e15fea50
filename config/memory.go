package config

import (
	"errors"
	"strconv"
	"strings"
)

// LeastMemory is the smallest memory limit: a relay that does nothing takes half of it. Of a cgroup or of GOMEMLIMIT, a smaller
// one is none to the relay, which would refuse everybody.
const LeastMemory = 64 << 20

// ByteLimit is a size in bytes; 0: nothing is said of it.
type ByteLimit int64

// noLimit says that there is none.
const noLimit ByteLimit = -1

var errNoSize = errors.New("must be a size of at least 64MiB, such as 512MiB or 2GiB, or none")

// UnmarshalText reads a number with a unit.
func (l *ByteLimit) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*l = noLimit
		return nil
	}
	for unit, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		number, ok := strings.CutSuffix(string(text), unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || int64(n)*size < LeastMemory {
			return errNoSize
		}
		*l = ByteLimit(int64(n) * size)
		return nil
	}
	return errNoSize
}
