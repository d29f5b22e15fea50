package zeligate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Auth is where the key stands besides the handshake's header: "bos", in the first message, or "query", in the
	// address, for installations that refuse a key before they let a socket in. "bos".
	Auth authPlace `yaml:"auth"`
	// ChunkLengthSchedule is how many characters the vendor gathers, step by step, before it speaks unasked. Clients
	// may send their own. Empty: the vendor's. It matters little, since each piece is followed by an order to speak it.
	ChunkLengthSchedule []int64 `yaml:"chunk_length_schedule"`
	// Idle is how long a socket is kept that was opened ahead, to which up to a quarter may be added. 12 s: the
	// vendor's own limit is not documented, and that of the protocol which it mirrors is 20 s.
	Idle time.Duration `yaml:"idle"`
}

// authPlace is where the key stands.
type authPlace string

const (
	authBOS   authPlace = "bos"
	authQuery authPlace = "query"
)

// Bounds of a schedule. The vendor documents none but that it is a list of whole numbers.
const (
	maxSteps = 16
	maxStep  = 1000
)

// Validate checks the options.
func (c *Config) Validate() error {
	if c.Auth != authBOS && c.Auth != authQuery {
		return fmt.Errorf("auth: must be %s or %s", authBOS, authQuery)
	}
	if reason := checkSchedule(c.ChunkLengthSchedule); len(c.ChunkLengthSchedule) > 0 && reason != "" {
		return errors.New("chunk_length_schedule: " + reason)
	}
	if c.Idle < time.Second {
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// checkSchedule says what is wrong with a schedule, if anything is.
func checkSchedule(steps []int64) (reason string) {
	bad := func(n int64) bool { return n < 1 || n > maxStep }
	if len(steps) < 1 || len(steps) > maxSteps || slices.ContainsFunc(steps, bad) {
		return fmt.Sprintf("must be a list of 1 to %d whole numbers from 1 to %d", maxSteps, maxStep)
	}
	return ""
}

// options are the client's provider_options.zeligate. What is nil is left to the vendor, or to the configuration.
type options struct {
	Stability           *float64
	Style               *float64
	ChunkLengthSchedule []int64
}

// parseOptions checks options against what the vendor documents.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, (*options).set)
}

// set sets one option and says what is wrong with it, if anything is.
func (o *options) set(name string, raw json.RawMessage) (reason string) {
	switch name {
	case "stability":
		return upstream.NumberOption(raw, &o.Stability, 0, 1)
	case "style":
		return upstream.NumberOption(raw, &o.Style, 0, 1)
	case "chunk_length_schedule":
		if !upstream.Option(raw, &o.ChunkLengthSchedule) {
			o.ChunkLengthSchedule = nil
		}
		return checkSchedule(o.ChunkLengthSchedule)
	case "similarity_boost", "use_speaker_boost":
		return "has no effect at this vendor"
	}
	return upstream.UnknownOption
}
