package npm

import "testing"

// What is the machine's fault skips a test, and what is the packages' does not.
func TestOnlyAMissingRegistrySkips(t *testing.T) {
	const unreached = "npm's registry can't be reached: "
	tests := map[string]struct{ out, want string }{
		"no name":      {"npm warn x\nnpm error code ENOTFOUND\nnpm error syscall getaddrinfo\n", unreached + "ENOTFOUND"},
		"no server":    {"npm error code ECONNREFUSED\n", unreached + "ECONNREFUSED"},
		"npm 9":        {"npm ERR! code ECONNREFUSED\n", unreached + "ECONNREFUSED"},
		"out of order": {"npm error code E503\n", unreached + "E503"},
		"old Node":     {"npm error code EBADENGINE\n", "Node is too old for the packages"},
		"other bytes":  {"npm error code EINTEGRITY\n", ""},
		"not there":    {"npm error code E404\n", ""},
		"stale lock":   {"npm error code EUSAGE\n", ""},
		"its name":     {"npm error the package code ENOTFOUND\n", ""},
		"nothing":      {"", ""},
	}
	for name, tt := range tests {
		if got := unreachable(tt.out); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
