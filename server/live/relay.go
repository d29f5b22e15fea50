package live

import (
	"context"
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/peers"
	"voicerelay/relay"
	"voicerelay/relay/metrics"
	"voicerelay/relay/running"
)

// Relay is this relay, as far as operators are told of it. It is safe for concurrent use.
type Relay interface {
	// Status is what /readyz says, in a word, and Facts what there is to say beside that.
	Status() string
	Facts() Facts
	// Providers are as GET /v1/providers has them. hour is the last one.
	Providers(hour metrics.Sum) any
	// IsAdmin reports whether a key that was shown is an admin's still.
	IsAdmin(key *access.Key) bool
	// Refuse answers a request with why it is refused. key is nil where none is known.
	Refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error)
}

// Engine is what speaks generations.
type Engine interface {
	Running(most int) running.Summary
	RunningCount() int
	Stop(recordID string, cause *relay.StopCause) bool
}

// Facts are what a relay says of itself. A feed sets those of its identity.
type Facts struct {
	Host          string   `json:"host"`
	Version       string   `json:"version"`
	StartedAt     string   `json:"started_at"`
	DegradedSince *string  `json:"degraded_since"`
	Unshipped     int64    `json:"unshipped"`
	ClockOffsetMS int64    `json:"clock_offset_ms"`
	Active        int      `json:"active"`
	Connections   int      `json:"connections"`
	OpenCircuits  []string `json:"open_circuits"` // as provider or provider/model
}

// Identity is what operators know a relay by.
type Identity struct {
	// Name is of its ledger, and no other relay's; empty: "relay". Host is the machine's, Version the binary's.
	Name, Host, Version string
}

// Peers are the other relays on the same Redis. Exchange has one caller, the others are safe for concurrent use.
type Peers interface {
	// Exchange leaves a summary for the others, and brings what they want of this relay.
	Exchange(ctx context.Context, summary []byte, watching bool) (peers.Told, error)
	// Others are the other relays, at once.
	Others(ctx context.Context) ([]peers.Other, error)
	// Stop asks another relay to end a generation.
	Stop(ctx context.Context, relay, recordID string) error
	// Leave has the relay be gone at once, and not missed.
	Leave(ctx context.Context) error
}

// Reports answers with sums of closed records. It is safe for concurrent use.
type Reports interface {
	Sums(ctx context.Context, q billing.SumsQuery) (billing.Report, error)
}
