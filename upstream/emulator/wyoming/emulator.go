package wyoming

import (
	"sync/atomic"

	"voicerelay/upstream/emulator/engine"
)

// emulator is one server.
type emulator struct {
	server      *engine.Server
	quirks      quirks
	turns       engine.Turns // of all connections
	connections atomic.Int64 // for their names in the stats
}
