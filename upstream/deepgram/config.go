package deepgram

import (
	"encoding/json"
	"errors"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// ImprovementOptOut keeps the account's requests out of the vendor's program to improve its models. Default: false.
	ImprovementOptOut bool `yaml:"mip_opt_out"`
	// Version is the protocol: 1 for Aura's, /v1/speak, and 2 for Flux', /v2/speak. 0: by the voice, whose name begins with flux-
	// where it is one of Flux. Default: 0.
	Version int `yaml:"version"`
	// Idle is how long a socket is kept that was opened ahead, to which up to a quarter may be added. The vendor's own
	// limit is not documented. Default: 30s.
	Idle time.Duration `yaml:"idle"`
}

// defaults are the options where the configuration has none.
func defaults() Config { return Config{Idle: 30 * time.Second} }

// Validate checks the options.
func (c *Config) Validate() error {
	if c.Version < 0 || c.Version > 2 {
		return errors.New("version: must be 0, 1 or 2")
	}
	if c.Idle < time.Second {
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// parseOptions takes an empty object only: the vendor documents the speed's name and not its range, and has no more.
func parseOptions(raw json.RawMessage) error {
	return upstream.NoOptions(raw)
}
