package routing

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// What clients name themselves goes to vendors, also in URLs, so that it must not be taken for anything but a name there:
// by a proxy that decodes what is escaped either. The errors say what is wrong, and are fit for clients.
var (
	// ErrMalformed is the cause of the two below it.
	ErrMalformed      = errors.New("can't be a vendor's")
	ErrRouteMalformed = fmt.Errorf("route %w", ErrMalformed)
	ErrVoiceMalformed = fmt.Errorf("voice %w", ErrMalformed)
)

// checkRawVoice refuses an id that no vendor gives a voice, and that could lead elsewhere in a URL.
func checkRawVoice(id string) error {
	if strings.Contains(id, "/") {
		return fmt.Errorf("%w: an id has no slash", ErrVoiceMalformed)
	}
	if reason := oddSegment(id); reason != "" {
		return fmt.Errorf("%w: %s", ErrVoiceMalformed, reason)
	}
	return nil
}

// checkRawModel is the same of a model, or of the beginning of one. Some are called by an owner and a name, with a slash
// between them.
func checkRawModel(model string) error {
	if model == "" {
		return nil
	}
	for segment := range strings.SplitSeq(model, "/") {
		if reason := oddSegment(segment); reason != "" {
			return fmt.Errorf("%w: %s", ErrRouteMalformed, reason)
		}
	}
	return nil
}

// oddSegment says why a name is none between two slashes; empty: it is one.
func oddSegment(name string) string {
	switch {
	case name == "":
		return "a part of it is empty"
	case name == "." || name == "..":
		return "a part of it is dots alone"
	case strings.TrimSpace(name) != name:
		return "it begins or ends with white space"
	case strings.ContainsAny(name, `\%?#&;`):
		return `it has one of \ % ? # & ;`
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }):
		return "it has a character that can't be printed"
	}
	return ""
}
