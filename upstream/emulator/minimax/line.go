package minimax

import (
	"sync"

	"github.com/coder/websocket"
)

// line is a connection's socket, and what is known of it from its beginning on.
type line struct {
	*emulator
	socket *websocket.Conn
	name   string         // its connect_id
	bidi   bool           // it is not of the older kind
	wg     sync.WaitGroup // the speaker, the watch over idleness, and closes
}

// close closes the socket. The client may have gone.
func (l *line) close(code int) { _ = l.socket.Close(websocket.StatusCode(code), "") }
