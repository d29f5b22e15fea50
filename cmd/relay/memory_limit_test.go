package main

import (
	"testing"

	"voicerelay/config"
)

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
