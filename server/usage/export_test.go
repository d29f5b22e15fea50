package usage

import "time"

// What the tests that ask a whole server need of the package.
const (
	MostGroups = mostGroups
	PagePart   = pagePart
)

// Cursor goes on after a page of some time.
func Cursor(from, to time.Time, inner string) string {
	return pageCursor{from: from, to: to, inner: inner}.String()
}

// CursorInner is the ledger's cursor within one.
func CursorInner(text string) string {
	c, _ := parsePageCursor(text) // none: empty
	return c.inner
}
