package upstream

import (
	"net/http"
	"testing"
	"time"
)

// Whatever a vendor's Retry-After says, the wait is none or within bounds.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "0", "1e9", "9223372036854775807", "99999999999999999999", "Sun, 01 Mar 2026 12:00:00 GMT", "1.5", " 2", "soon"} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 1, 11, 59, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		if wait := RetryAfter(http.Header{"Retry-After": {value}}, now); wait < 0 || wait > maxRetryAfter {
			t.Errorf("%q asks to wait for %v", value, wait)
		}
	})
}
