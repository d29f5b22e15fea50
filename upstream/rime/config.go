package rime

import (
	"encoding/json"
	"errors"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Protocol is "v1", of Coda, or "ws3", of all models. Default: v1.
	Protocol string `yaml:"protocol"`
	// Auth is how the key is sent: "bearer", which Rime's own servers take, or "api_key", which an engine on one's own machines
	// takes. Default: bearer.
	Auth string `yaml:"auth"`
	// Model speaks by ws3 for voices that name none; one that the vendor does not know is another without a word. By v1 the model is
	// the address. Default: coda.
	Model string `yaml:"model"`
	// StreamsPerSocket is how many streams share a socket of v1; the vendor's own limit is not documented. Default: 4.
	StreamsPerSocket int `yaml:"streams_per_socket"`
	// Idle is how long a socket is kept that no stream is on, to which up to a quarter may be added. The vendor's own
	// limit is not documented; with this it is kept for less than a minute. Default: 45s.
	Idle time.Duration `yaml:"idle"`
}

const (
	protocolV1, protocolWS3 = "v1", "ws3"
	authBearer, authAPIKey  = "bearer", "api_key"
)

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{Protocol: protocolV1, Auth: authBearer, Model: "coda", StreamsPerSocket: 4, Idle: 45 * time.Second}
}

// Validate checks the options.
func (c *Config) Validate() error {
	switch {
	case c.Protocol != protocolV1 && c.Protocol != protocolWS3:
		return errors.New("protocol: must be v1 or ws3")
	case c.Auth != authBearer && c.Auth != authAPIKey:
		return errors.New("auth: must be bearer or api_key")
	case c.Model == "":
		return errors.New("model: must not be empty")
	case c.StreamsPerSocket < 1 || c.StreamsPerSocket > 32:
		return errors.New("streams_per_socket: must be 1 to 32")
	case c.Idle < time.Second:
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// parseOptions takes an empty object only.
func parseOptions(raw json.RawMessage) error {
	return upstream.NoOptions(raw)
}
