package elevenlabs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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

// parseOptions checks options against what the vendor documents, so that a client hears of a mistake before
// anything is ordered.
func parseOptions(raw json.RawMessage) (*options, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, &upstream.OptionError{Reason: "must be an object"}
	}
	o := &options{}
	// In order, so that of several mistakes the same one is told each time.
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if reason := o.set(name, fields[name]); reason != "" {
			return nil, &upstream.OptionError{Field: name, Reason: reason}
		}
	}
	return o, nil
}

// set sets one option and says what is wrong with it, if anything is.
func (o *options) set(name string, raw json.RawMessage) (reason string) {
	switch name {
	case "stability":
		return fraction(raw, &o.Stability)
	case "similarity_boost":
		return fraction(raw, &o.SimilarityBoost)
	case "style":
		return fraction(raw, &o.Style)
	case "use_speaker_boost":
		if !decode(raw, &o.UseSpeakerBoost) {
			return "must be true or false"
		}
		return ""
	case "seed":
		if !decode(raw, &o.Seed) || *o.Seed < 0 || *o.Seed > maxSeed {
			return fmt.Sprintf("must be a whole number from 0 to %d", int64(maxSeed))
		}
		return ""
	case "pronunciation_dictionary_locators":
		return o.setDictionaries(raw)
	}
	return "unknown option"
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

// decode reads a value that must not be null.
func decode(raw json.RawMessage, into any) bool {
	return !bytes.Equal(raw, []byte("null")) && json.Unmarshal(raw, into) == nil
}

func fraction(raw json.RawMessage, into **float64) string {
	if !decode(raw, into) || **into < 0 || **into > 1 {
		return "must be a number from 0 to 1"
	}
	return ""
}
