package uplift

import (
	"encoding/json"
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// linger is how long what was cancelled still counts, since the vendor does not say when it has stopped.
const linger = time.Second

// provider speaks for one account.
type provider struct {
	vendorsocket.Account
	transport
	cfg   Config
	awake *awake.Clock
}

func capabilities(cfg Config) upstream.Capabilities {
	return upstream.Capabilities{
		PieceEnds:        upstream.PieceEndsExact,
		WordTimes:        upstream.WordTimesNone,
		Cancel:           upstream.CancelSilent,
		StreamsPerSocket: cfg.RequestsPerSocket,
		Languages:        []string{"ur", "sd", "bal"}, // each voice has its own
		MinSpeed:         1,
		MaxSpeed:         1,
		Formats:          formats,
		Known: upstream.Known{
			PieceEnds: upstream.Documented,
			WordTimes: upstream.Documented,
			Cancel:    upstream.Assumed, // the order to stop is documented, its effect is not
			Cost:      upstream.Documented,
		},
	}
}

// ParseOptions checks the client's options for this vendor.
func (p *provider) ParseOptions(raw json.RawMessage) (any, error) { return parseOptions(raw) }
