package main

import (
	"cmp"
	"math"
	"os"
	"runtime/debug"

	"voicerelay/cgroup"
	"voicerelay/config"
)

// cgroupShare is the part of a container's memory, in percent, that the relay may take: the kernel's buffers for its sockets
// count there as well, and so does what SQLite keeps of its file.
const cgroupShare = 90

// memoryLimits are limits of the process's memory that are not in its configuration.
type memoryLimits struct {
	gomemlimit int64 // 0: not set
	cgroup     int64 // 0: none
}

// readMemoryLimits must be called before anything sets a limit.
func readMemoryLimits() memoryLimits {
	m := memoryLimits{cgroup: cgroup.MemoryLimit(os.DirFS("/"))}
	if set := debug.SetMemoryLimit(-1); set != math.MaxInt64 {
		m.gomemlimit = set
	}
	return m
}

// limit is the configured limit, else that of the environment, else most of the container's; 0: none.
func (m memoryLimits) limit(configured config.ByteLimit) int64 {
	if configured != 0 {
		return int64(max(0, configured))
	}
	limit := cmp.Or(m.gomemlimit, m.cgroup/100*cgroupShare)
	if limit < config.LeastMemory {
		return 0
	}
	return limit
}

// apply has the collector keep to the limit as well, and returns it.
func (m memoryLimits) apply(configured config.ByteLimit) int64 {
	limit := m.limit(configured)
	debug.SetMemoryLimit(cmp.Or(limit, m.gomemlimit, math.MaxInt64))
	return limit
}
