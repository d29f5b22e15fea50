package wyoming

import "net"

// line is a connection as its requests see it.
type line struct {
	*emulator
	conn net.Conn
	name string // in the stats

	// Owned by the speaker.
	requests int
}

// fail sends an error, and reports that the connection ends.
func (l *line) fail(text, code string) bool {
	l.send(event{kind: "error", data: map[string]any{"text": text, "code": code}})
	return false
}

// send sends an event, and reports whether the connection took it.
func (l *line) send(e event) bool {
	_, err := l.conn.Write(e.bytes(l.quirks.inline, !l.quirks.unversed))
	return err == nil
}
