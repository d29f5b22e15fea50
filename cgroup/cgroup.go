// Package cgroup reads the limits of the control groups that the process is in, as those of a container. It knows both versions.
package cgroup

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// MemoryLimit is the smallest memory limit of the control groups that the process is in; 0: none. root is the file system of the
// machine.
func MemoryLimit(root fs.FS) int64 {
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
