package upstream

import (
	"net/url"
	"strings"
	"unicode"
)

// PathSegment is a voice's id as a part of a URL's path. The error is for ids that would lead elsewhere: a proxy may decode
// what is escaped and take dots and slashes for a path.
func PathSegment(id string) (string, error) {
	if reason := oddSegment(id); reason != "" {
		return "", &Error{Kind: Rejected, Message: "the voice id " + reason}
	}
	return url.PathEscape(id), nil
}

func oddSegment(id string) string {
	switch {
	case id == "":
		return "is none"
	case id == "." || id == "..":
		return "is dots alone"
	case strings.ContainsAny(id, `/\%?#`):
		return `has one of / \ % ? #`
	case strings.ContainsFunc(id, unicode.IsControl):
		return "has control characters"
	}
	return ""
}
