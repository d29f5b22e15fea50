package fish

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Model speaks for voices that name none. Default: s2.1-pro, which is the vendor's own.
	Model string `yaml:"model"`
	// Latency is "normal", "balanced" or "low". The vendor's default is normal, which takes more than a second to the first sound.
	// Default: balanced.
	Latency string `yaml:"latency"`
	// ChunkLength is how many characters the vendor makes a chunk of at most, 100 to 300. Default: 200.
	ChunkLength int `yaml:"chunk_length"`
	// Quiet is how long nothing must come before a piece is over, whose words have all come and which no other follows. Default: 150ms,
	// since the relay takes a vendor for slow after 250ms.
	Quiet time.Duration `yaml:"quiet"`
	// Idle is how long a socket is kept that was opened ahead for another model. Default: 1m.
	Idle time.Duration `yaml:"idle"`
}

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{Model: "s2.1-pro", Latency: "balanced", ChunkLength: 200, Quiet: 150 * time.Millisecond, Idle: time.Minute}
}

// Validate checks the options.
func (c *Config) Validate() error {
	switch {
	case c.Model == "":
		return errors.New("model: must not be empty")
	case !slices.Contains([]string{"normal", "balanced", "low"}, c.Latency):
		return errors.New("latency: must be normal, balanced or low")
	case c.ChunkLength < 100 || c.ChunkLength > 300:
		return errors.New("chunk_length: must be 100 to 300")
	case c.Quiet < 50*time.Millisecond || c.Quiet > 2*time.Second:
		return errors.New("quiet: must be 50ms to 2s")
	case c.Idle < time.Second:
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// options are the client's provider_options.fish. What is nil is left to the vendor.
type options struct {
	Temperature *float64
	TopP        *float64
	Volume      *float64 // decibels
}

// maxVolume is our own bound: the vendor names none.
const maxVolume = 20

// parseOptions checks options against what the vendor documents.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, (*options).set)
}

// set takes a field, and says what is wrong with it, if anything is.
func (o *options) set(name string, value json.RawMessage) (reason string) {
	switch name {
	case "temperature":
		return upstream.NumberOption(value, &o.Temperature, 0, 1)
	case "top_p":
		return upstream.NumberOption(value, &o.TopP, 0, 1)
	case "volume":
		return upstream.NumberOption(value, &o.Volume, -maxVolume, maxVolume)
	}
	return upstream.UnknownOption
}
