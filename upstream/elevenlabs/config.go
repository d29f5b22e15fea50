package elevenlabs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// StreamsPerSocket is how many streams share a socket, 1 or 2, with two contexts each: the vendor takes five. 2.
	StreamsPerSocket int `yaml:"streams_per_socket"`
	// EnableLogging lets the vendor keep texts and audio. Some accounts may not switch it off. true.
	EnableLogging bool `yaml:"enable_logging"`
	// Idle is how long a socket is kept that no stream is on, to which up to a quarter may be added: less than the
	// vendor's inactivity timeout, which is asked to be 180 s. 2 minutes.
	Idle time.Duration `yaml:"idle"`
}

func defaults() Config {
	return Config{StreamsPerSocket: 2, EnableLogging: true, Idle: 2 * time.Minute}
}

// inactivityTimeout is what the vendor is asked for: the longest that it grants, of 20 s by default.
const inactivityTimeout = 180 * time.Second

// longestIdle is the longest Idle that, with a quarter added, is no longer than inactivityTimeout.
const longestIdle = inactivityTimeout * 4 / 5

// Validate checks the options.
func (c *Config) Validate() error {
	if c.StreamsPerSocket < 1 || c.StreamsPerSocket > 2 {
		return errors.New("streams_per_socket: must be 1 or 2")
	}
	if c.Idle < time.Second || c.Idle > longestIdle {
		return fmt.Errorf("idle: must be from 1s to %v", longestIdle)
	}
	return nil
}

// options are the client's provider_options.elevenlabs. What is nil is left to the vendor.
type options struct {
	Stability       *float64
	SimilarityBoost *float64
	Style           *float64
	UseSpeakerBoost *bool
	Seed            *int64
	Dictionaries    []dictionary
}

const (
	// maxSeed is the vendor's own bound.
	maxSeed = 1<<32 - 1
	// maxDictionaries and maxID bound what goes out with every piece. The vendor documents neither.
	maxDictionaries = 8
	maxID           = 64
)

// parseOptions checks options against what the vendor documents.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, (*options).set)
}

// set sets one option and says what is wrong with it, if anything is.
func (o *options) set(name string, raw json.RawMessage) (reason string) {
	switch name {
	case "stability":
		return upstream.NumberOption(raw, &o.Stability, 0, 1)
	case "similarity_boost":
		return upstream.NumberOption(raw, &o.SimilarityBoost, 0, 1)
	case "style":
		return upstream.NumberOption(raw, &o.Style, 0, 1)
	case "use_speaker_boost":
		return upstream.FlagOption(raw, &o.UseSpeakerBoost)
	case "seed":
		return upstream.IntegerOption(raw, &o.Seed, 0, maxSeed)
	case "pronunciation_dictionary_locators":
		return o.setDictionaries(raw)
	}
	return upstream.UnknownOption
}

func (o *options) setDictionaries(raw json.RawMessage) (reason string) {
	bad := func(d dictionary) bool {
		return d.ID == "" || len(d.ID) > maxID || d.Version == "" || len(d.Version) > maxID
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if strict.Decode(&o.Dictionaries) != nil || o.Dictionaries == nil ||
		len(o.Dictionaries) > maxDictionaries || slices.ContainsFunc(o.Dictionaries, bad) {
		return fmt.Sprintf("must be a list of at most %d, each with pronunciation_dictionary_id and version_id", maxDictionaries)
	}
	return ""
}
