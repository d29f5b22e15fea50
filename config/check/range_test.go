package check

import (
	"testing"
	"time"
)

func TestRange(t *testing.T) {
	var got string
	report := func(field, reason string) { got = field + " " + reason }
	Range(report, "count", 1, 1, 3)
	Range(report, "count", 3, 1, 3)
	if got != "" {
		t.Errorf("in range: got %q", got)
	}
	if Range(report, "wait", 90*time.Second, 0, time.Minute); got != "wait must be 0s to 1m0s, not 1m30s" {
		t.Errorf("above: got %q", got)
	}
	if Range(report, "ratio", 0.001, 0.01, 1); got != "ratio must be 0.01 to 1, not 0.001" {
		t.Errorf("below: got %q", got)
	}
}
