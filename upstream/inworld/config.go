package inworld

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Model speaks for voices that name none. Default: inworld-tts-2.
	Model string `yaml:"model"`
	// StreamsPerSocket is how many streams share a socket, 1 to 5: the vendor takes five contexts. Default: 4, which leaves room
	// for one that is being closed.
	StreamsPerSocket int `yaml:"streams_per_socket"`
	// Idle is how long a socket is kept that no stream is on, to which up to a quarter may be added; the vendor closes it
	// after ten minutes. Default: 5m.
	Idle time.Duration `yaml:"idle"`
}

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{Model: "inworld-tts-2", StreamsPerSocket: 4, Idle: 5 * time.Minute}
}

// maxContexts is how many the vendor takes on a socket, maxSockets how many sockets of an account (its documentation of
// limits).
const (
	maxContexts = 5
	maxSockets  = 20
)

// longestIdle is the longest Idle that, with a quarter added, is less than the vendor's own limit.
const longestIdle = 7 * time.Minute

// Validate checks the options.
func (c *Config) Validate() error {
	if c.Model == "" {
		return errors.New("model: must not be empty")
	}
	if c.StreamsPerSocket < 1 || c.StreamsPerSocket > maxContexts {
		return fmt.Errorf("streams_per_socket: must be 1 to %d", maxContexts)
	}
	if c.Idle < time.Second || c.Idle > longestIdle {
		return errors.New("idle: must be from 1s to 7m")
	}
	return nil
}

// options are the client's provider_options.inworld. What is nil is left to the vendor.
type options struct {
	Temperature  *float64
	DeliveryMode *string
}

// Bounds of a temperature: the vendor takes what is above 0 up to 2.
const (
	minTemperature = 0.01
	maxTemperature = 2.0
)

// parseOptions checks options against what the vendor documents. Which models heed them only the vendor knows.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, (*options).set)
}

// set takes a field, and says what is wrong with it, if anything is.
func (o *options) set(name string, value json.RawMessage) (reason string) {
	switch name {
	case "temperature":
		return upstream.NumberOption(value, &o.Temperature, minTemperature, maxTemperature)
	case "delivery_mode":
		if !upstream.Option(value, &o.DeliveryMode) {
			return deliveryModes
		}
		switch *o.DeliveryMode {
		case "STABLE", "BALANCED", "CREATIVE":
			return ""
		}
		return deliveryModes
	}
	return upstream.UnknownOption
}

const deliveryModes = "must be STABLE, BALANCED or CREATIVE"
