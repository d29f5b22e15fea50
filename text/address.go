package text

import (
	"strings"
)

// nextAddress finds the first address of a site ("https://x.y/z") or of a mailbox in s, as bytes from..to; both are
// len(s) where there is none. Addresses are ASCII, so that one ends where Chinese text goes on after it.
func nextAddress(s string) (from, to int) {
	for at := 0; at < len(s); {
		i := strings.IndexAny(s[at:], ":@")
		if i < 0 {
			break
		}
		at += i
		if strings.HasPrefix(s[at:], "://") {
			from, to = site(s, at)
		} else {
			from, to = mailbox(s, at)
		}
		if from < to {
			return from, to
		}
		at++
	}
	return len(s), len(s)
}

// site returns the address around the "://" at i; from == to where there is none.
func site(s string, i int) (from, to int) {
	from, to = i, i+3
	for from > 0 && isASCIIAlphanumeric(s[from-1]) {
		from--
	}
	for to < len(s) && isASCIIAlphanumericOr(s[to], "-._~:/?#[]@!$&'()*+,;=%") {
		to++
	}
	to = i + 3 + len(strings.TrimRight(s[i+3:to], `.,;:!?'()[]*_~`))
	if from == i || to == i+3 {
		return i, i
	}
	return from, to
}

// mailbox returns the address around the @ at i; from == to where there is none.
func mailbox(s string, i int) (from, to int) {
	if s[i] != '@' {
		return i, i
	}
	from, to = i, i+1
	for from > 0 && isASCIIAlphanumericOr(s[from-1], "._%+-") {
		from--
	}
	for to < len(s) && isASCIIAlphanumericOr(s[to], ".-") {
		to++
	}
	from = i - len(strings.TrimLeft(s[from:i], "._%+-"))
	to = i + 1 + len(strings.TrimRight(s[i+1:to], ".-"))
	if from == i || to == i+1 || !strings.Contains(s[i+1:to], ".") {
		return i, i
	}
	return from, to
}

func isASCIIAlphanumeric(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

func isASCIIAlphanumericOr(c byte, others string) bool {
	return isASCIIAlphanumeric(c) || strings.IndexByte(others, c) >= 0
}
