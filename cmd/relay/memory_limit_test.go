package main

import (
	"testing"
	"testing/fstest"

	"voicerelay/config"
)

func TestCgroupLimits(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  int64
	}{
		"no Linux":         {fstest.MapFS{}, 0},
		"none":             {fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("max\n")}, 0},
		"of a container":   {fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("536870912\n")}, 512 << 20},
		"of a group above": {fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/b/memory.max": file("max\n"), "sys/fs/cgroup/a/memory.max": file("1073741824\n")}, 1 << 30},
		"the smallest":     {fstest.MapFS{"proc/self/cgroup": file("0::/a\n"), "sys/fs/cgroup/a/memory.max": file("1073741824\n"), "sys/fs/cgroup/memory.max": file("2147483648\n")}, 1 << 30},
		"version 1": {fstest.MapFS{
			"proc/self/cgroup": file("5:cpu,cpuacct:/x\n4:memory:/docker/1\n"), "sys/fs/cgroup/memory/memory.limit_in_bytes": file("268435456\n"),
		}, 256 << 20},
		"none in version 1": {fstest.MapFS{
			"proc/self/cgroup": file("4:memory:/\n"), "sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cgroupLimit(tt.files); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestWhichMemoryLimitHolds(t *testing.T) {
	const mib = 1 << 20
	for name, tt := range map[string]struct {
		around     memoryLimits
		configured string
		want       int64
	}{
		"nothing is said":           {memoryLimits{}, "", 0},
		"the environment":           {memoryLimits{gomemlimit: 300 * mib, cgroup: 1000 * mib}, "", 300 * mib},
		"the container":             {memoryLimits{cgroup: 1000 * mib}, "", 1000 * mib / 100 * 90},
		"too small a container":     {memoryLimits{cgroup: 32 * mib}, "", 0},
		"the configuration":         {memoryLimits{gomemlimit: 300 * mib, cgroup: 1000 * mib}, "1GiB", 1024 * mib},
		"none by the configuration": {memoryLimits{gomemlimit: 300 * mib, cgroup: 1000 * mib}, "none", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var l config.ByteLimit
			if tt.configured != "" {
				if err := l.UnmarshalText([]byte(tt.configured)); err != nil {
					t.Fatal(err)
				}
			}
			if got := tt.around.limit(l); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
	for _, bad := range []string{"", "512", "512MB", "1KiB", "63MiB", "-1GiB", "1.5GiB", "99999999999GiB", "MiB"} {
		if new(config.ByteLimit).UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
