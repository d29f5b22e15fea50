package vogent

import (
	"encoding/json"
	"errors"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// StreamsPerSocket is how many streams share a socket, which those of one context always do. The vendor allows several
	// and names no limit, nor whether one stream's error ends the others, which are of one tenant. Default: 8.
	StreamsPerSocket int `yaml:"streams_per_socket"`
	// Idle is how long a socket is kept that no stream is on. The vendor's own limit is not known. Default: 1m.
	Idle time.Duration `yaml:"idle"`
	// KeyInQuery sends the key in the address, too, as the vendor's quickstart does, where its API page wants the
	// header. Default: the header only, since addresses are written to logs on the way.
	KeyInQuery bool `yaml:"key_in_query"`
}

// defaults are the options where the configuration has none.
func defaults() Config { return Config{StreamsPerSocket: 8, Idle: time.Minute} }

// Validate checks the options.
func (c *Config) Validate() error {
	if c.StreamsPerSocket < 1 || c.StreamsPerSocket > 32 {
		return errors.New("streams_per_socket: must be 1 to 32")
	}
	if c.Idle < time.Second {
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// parseOptions takes an empty object only: the vendor's further options are those of its REST interface.
func parseOptions(raw json.RawMessage) error {
	return upstream.NoOptions(raw)
}
