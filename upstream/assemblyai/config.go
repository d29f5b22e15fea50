package assemblyai

import (
	"encoding/json"
	"errors"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Model speaks for voices that name none. Default: assemblyai-tts-1.
	Model string `yaml:"model"`
	// WordBoundaries asks for the times of words, for which a stream's end waits up to half a second. Default: true.
	WordBoundaries bool `yaml:"word_boundaries"`
	// Idle is how long a socket is kept that no stream is on, to which up to a quarter may be added; the vendor closes it
	// after two minutes. Default: 90s.
	Idle time.Duration `yaml:"idle"`
}

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{Model: "assemblyai-tts-1", WordBoundaries: true, Idle: 90 * time.Second}
}

// Validate checks the options.
func (c *Config) Validate() error {
	if c.Model == "" {
		return errors.New("model: must not be empty")
	}
	if c.Idle < time.Second || c.Idle > 95*time.Second {
		return errors.New("idle: must be 1s to 95s")
	}
	return nil
}

// parseOptions takes an empty object only: the vendor has no speed, pitch or other manner of speaking.
func parseOptions(raw json.RawMessage) error {
	return upstream.NoOptions(raw)
}
