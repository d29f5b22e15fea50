package wyoming

import (
	"errors"
	"net"
	"net/url"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Idle is how long a connection is kept without a stream, to which up to a quarter may be added. The servers have no limit
	// that is known. Default: 2m.
	Idle time.Duration `yaml:"idle"`
}

// defaults are the options where the configuration has none.
func defaults() Config { return Config{Idle: 2 * time.Minute} }

// Validate checks the options.
func (c *Config) Validate() error {
	if c.Idle < time.Second {
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// endpoint is where a server listens.
type endpoint struct{ network, address string }

// parseEndpoint reads a provider's address: tcp://host:port or unix:///path.
func parseEndpoint(address string) (endpoint, error) {
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "unix" && u.Host == "" && u.Path != "" {
		return endpoint{"unix", u.Path}, nil
	}
	if err == nil && u.Scheme == "tcp" && u.Path == "" {
		if host, port, err := net.SplitHostPort(u.Host); err == nil && host != "" && port != "" {
			return endpoint{"tcp", u.Host}, nil
		}
	}
	return endpoint{}, &upstream.EnvError{Field: "url", Reason: "must be tcp://host:port or unix:///path"}
}
