package relay

import (
	"context"

	"voicerelay/upstream"
)

// link is an attempt's stream, from the order to open it until it is closed. It is owned by the failover loop.
type link struct {
	a *attempt // whose it is; static

	cancel context.CancelCauseFunc // ends connecting
	opened chan opened             // holds what Open returned, once it has; nil once that was taken
	stream upstream.Stream         // nil: not yet, or it could not be opened
}
