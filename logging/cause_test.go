package logging

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestCausesAreToldInOurWords(t *testing.T) {
	for told, want := range map[string]string{
		"read epochs: dial tcp 127.0.0.1:2: connect: connection refused":           "read epochs: nothing listens at 127.0.0.1:2",
		"dial tcp: lookup redis.invalid on 127.0.0.11:53: no such host":            "the name redis.invalid can't be looked up",
		"dial tcp [2001:db8::1]:6379: connect: network is unreachable":             "no way leads to [2001:db8::1]:6379",
		"dial tcp 10.0.0.1:6379: i/o timeout":                                      "10.0.0.1:6379 does not answer",
		"read tcp 127.0.0.1:40000->127.0.0.1:6379: read: connection reset by peer": "127.0.0.1:6379 broke the connection off",
		"listen: listen tcp 127.0.0.1:8080: bind: address already in use":          "listen: another program listens at 127.0.0.1:8080",
		"listen: listen tcp 0.0.0.0:80: bind: permission denied":                   "listen: this user may not listen at 0.0.0.0:80",
		"write heartbeat: EOF": "write heartbeat: the connection ended",
		"ask: NOPERM User relay has no permissions to run the 'eval' command":                "ask: Redis does not allow this user that",
		"WRONGPASS invalid username-password pair or user is disabled.":                      "Redis refuses the user or the password",
		"read epochs: " + context.DeadlineExceeded.Error():                                   "read epochs: no answer in time",
		"first\nsecond: dial tcp 127.0.0.1:2: connect: connection refused":                   "first; second: nothing listens at 127.0.0.1:2",
		"stop ledger: given up after 10s":                                                    "stop ledger: given up after 10s",
		"no connection: nothing listens at that address (refused)":                           "no connection: nothing listens at that address (refused)",
		"the ledger is in use by another process":                                            "the ledger is in use by another process",
		"write tcp 127.0.0.1:1->127.0.0.1:2: write: broken pipe":                             "127.0.0.1:2 broke the connection off",
		"MISCONF Redis is configured to save RDB snapshots, but it's unable to persist.":     "Redis can't write to its disk",
		"redis: connection pool: failed to dial after 1 attempts: dial tcp x:1: i/o timeout": "redis: connection pool: failed to dial after 1 attempts: x:1 does not answer",
	} {
		if got := causeOf(errors.New(told)); got != want {
			t.Errorf("%q:\n got %q\nwant %q", told, got, want)
		}
	}
	if got := causeOf(nil); got != nil {
		t.Errorf("no error is told as %v", got)
	}
	if got := causeOf(fmt.Errorf("a: %w", errors.Join(errors.New("b"), errors.New("c")))); got != "a: b; c" {
		t.Errorf("got %q", got)
	}
}
