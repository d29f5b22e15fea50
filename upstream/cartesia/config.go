package cartesia

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Version is the day of the vendor's interface. Errors have codes from 2026-03-01 on. Default: that.
	Version string `yaml:"version"`
	// Model speaks for voices that name none. Default: sonic-latest.
	Model string `yaml:"model"`
	// StreamsPerSocket is how many streams share a socket; the vendor speaks of dozens. Default: 8.
	StreamsPerSocket int `yaml:"streams_per_socket"`
	// Idle is how long a socket is kept that no stream is on, to which up to a quarter may be added; the vendor closes it
	// after five minutes. Default: 3m.
	Idle time.Duration `yaml:"idle"`
}

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{Version: "2026-03-01", Model: "sonic-latest", StreamsPerSocket: 8, Idle: 3 * time.Minute}
}

// Validate checks the options.
func (c *Config) Validate() error {
	if _, err := time.Parse(time.DateOnly, c.Version); err != nil {
		return errors.New("version: must be a day such as 2026-03-01")
	}
	if c.Model == "" {
		return errors.New("model: must not be empty")
	}
	if c.StreamsPerSocket < 1 || c.StreamsPerSocket > 48 {
		return errors.New("streams_per_socket: must be 1 to 48")
	}
	if c.Idle < time.Second || c.Idle >= 4*time.Minute {
		return errors.New("idle: must be at least 1s and less than 4m")
	}
	return nil
}

// options are the client's provider_options.cartesia. What is nil is left to the vendor.
type options struct {
	Volume          *float64
	Emotion         *string
	PronunciationID *string
}

// Bounds of options. The vendor documents the volume's.
const (
	minVolume = 0.5
	maxVolume = 2.0
	maxName   = 128 // characters
)

// parseOptions checks options against what the vendor documents.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, (*options).set)
}

// set takes a field, and says what is wrong with it, if anything is.
func (o *options) set(name string, value json.RawMessage) (reason string) {
	switch name {
	case "volume":
		return upstream.NumberOption(value, &o.Volume, minVolume, maxVolume)
	case "emotion":
		return setName(&o.Emotion, value)
	case "pronunciation_dict_id":
		return setName(&o.PronunciationID, value)
	}
	return upstream.UnknownOption
}

// setName takes a name that only the vendor knows.
func setName(name **string, value json.RawMessage) (reason string) {
	if !upstream.Option(value, name) || **name == "" || utf8.RuneCountInString(**name) > maxName {
		return fmt.Sprintf("must be a text of 1 to %d characters", maxName)
	}
	return ""
}
