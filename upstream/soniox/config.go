package soniox

import (
	"encoding/json"
	"errors"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Model speaks for voices that name none. Default: tts-rt-v2.
	Model string `yaml:"model"`
	// Language is that of texts whose language is not known: the vendor wants one. Default: en.
	Language string `yaml:"language"`
	// StreamsPerSocket is how many streams share a socket, 1 or 2, with two of the vendor's each: it takes five. Default: 2.
	StreamsPerSocket int `yaml:"streams_per_socket"`
	// Idle is how long a socket is kept that no stream is on, to which up to a quarter may be added; the vendor closes it
	// after about three minutes, as others have seen. Default: 2m.
	Idle time.Duration `yaml:"idle"`
}

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{Model: "tts-rt-v2", Language: "en", StreamsPerSocket: 2, Idle: 2 * time.Minute}
}

// longestIdle is the longest Idle that, with a quarter added, is less than the vendor's own limit.
const longestIdle = 140 * time.Second

// Validate checks the options.
func (c *Config) Validate() error {
	if c.Model == "" {
		return errors.New("model: must not be empty")
	}
	if c.Language == "" {
		return errors.New("language: must not be empty")
	}
	if c.StreamsPerSocket < 1 || c.StreamsPerSocket > 2 {
		return errors.New("streams_per_socket: must be 1 or 2")
	}
	if c.Idle < time.Second || c.Idle > longestIdle {
		return errors.New("idle: must be from 1s to 140s")
	}
	return nil
}

// options are the client's provider_options.soniox. What is nil is left to the vendor.
type options struct {
	ReduceSilence *bool
}

// parseOptions checks options against what the vendor documents. Which models take them only the vendor knows.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, func(o *options, name string, value json.RawMessage) (reason string) {
		if name == "reduce_silence" {
			return upstream.FlagOption(value, &o.ReduceSilence)
		}
		return upstream.UnknownOption
	})
}
