package protocol

import (
	"fmt"
	"strings"
)

// Lengths of what says where in a trace a generation stands.
const (
	traceparentLength = 55
	// MaxTracestateLength is what W3C Trace Context has everyone pass on.
	MaxTracestateLength = 512
)

func parseTraceparent(param string, raw []byte) (string, *Error) {
	s, ok := unquote(raw)
	if !ok || !isTraceparent(s) {
		return "", mustBe(param, "as in W3C Trace Context: a version, a trace, a span and flags, in lower-case hexadecimal, such as "+
			"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	}
	return s, nil
}

// isTraceparent reports whether s has the four fields, of which the version ff and ids of zeros alone are none.
func isTraceparent(s string) bool {
	parts := strings.Split(s, "-")
	if len(s) != traceparentLength || len(parts) != 4 || parts[0] == "ff" {
		return false
	}
	for i, digits := range []int{2, 32, 16, 2} {
		if len(parts[i]) != digits || strings.Trim(parts[i], "0123456789abcdef") != "" {
			return false
		}
	}
	return strings.Trim(parts[1], "0") != "" && strings.Trim(parts[2], "0") != ""
}

func parseTracestate(param string, raw []byte) (string, *Error) {
	s, ok := unquote(raw)
	strange := func(c rune) bool { return c < ' ' || c > '~' }
	if !ok || s == "" || len(s) > MaxTracestateLength || strings.ContainsFunc(s, strange) {
		return "", mustBe(param, fmt.Sprintf("a string of 1 to %d printable ASCII characters", MaxTracestateLength))
	}
	return s, nil
}
