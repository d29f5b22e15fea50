package wyoming

import (
	"net"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Wyoming's servers. They speak over bare TCP: there is neither a handshake nor a key, so that Options.APIKey
// means nothing, and a refusal closes the connection.
var Vendor = engine.Vendor{Name: "wyoming", Scheme: "tcp", Talk: newEmulator}

func newEmulator(s *engine.Server) (talk func(conn net.Conn), quirks any) {
	q := drawQuirks(s.Options())
	e := &emulator{server: s, quirks: q, turns: engine.NewTurns(true)}
	return func(conn net.Conn) { newConnection(e, conn).serve() }, q
}
