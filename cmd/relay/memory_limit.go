package main

import (
	"cmp"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

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
	m := memoryLimits{cgroup: cgroupLimit(os.DirFS("/"))}
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

// cgroupLimit is the smallest memory limit of the control groups that the process is in; 0: none. It knows both versions.
func cgroupLimit(root fs.FS) int64 {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0 // no Linux, or no control groups
	}
	least := int64(0)
	for line := range strings.Lines(string(groups)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		base, file := "sys/fs/cgroup", "memory.max"
		if parts[1] != "" {
			if !strings.Contains(","+parts[1]+",", ",memory,") {
				continue
			}
			base, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			if limit := limitIn(root, path.Join(base, group, file)); limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}

// unlimited is beyond any machine: version 1 has a number there where there is no limit.
const unlimited = 1 << 50

func limitIn(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0 // within a container only its own group is seen
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || limit >= unlimited {
		return 0 // "max"
	}
	return limit
}
