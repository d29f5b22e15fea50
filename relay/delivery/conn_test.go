package delivery

import (
	"testing"
	"time"
)

// stopped owns a connection and has nothing that runs.
type stopped struct{}

func (stopped) Running(time.Time) (int, time.Time) { return 0, time.Time{} }
func (stopped) Closing()                           {}
func (stopped) Failed(error)                       {}

// Pings of the WebSocket are answered too, also once the connection is to be closed.
func TestUnreadPongsAreBounded(t *testing.T) {
	c := NewConn(stopped{}, ConnConfig{})
	o := c.Out
	for range 3 * maxOwn {
		c.pong(make([]byte, 125))
	}
	if o.owned > maxOwn || o.bytes > maxOwnBytes {
		t.Errorf("%d pongs of %d bytes wait", o.owned, o.bytes)
	}
	if !o.isClosing() {
		t.Error("the connection is not to be closed")
	}
}
