package minimax

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Model speaks for voices that name none. Default: speech-2.8-turbo.
	Model string `yaml:"model"`
	// ContinuousSound has models of speech-2.8 infer a text in one run rather than in pieces side by side: better prosody, later
	// audio. Default: false.
	ContinuousSound bool `yaml:"continuous_sound"`
	// Idle is how long a socket is kept that no stream is on, to which up to a quarter may be added. The vendor ends a session after
	// about two minutes in which nothing comes from the client, of which pings are something. Default: 1m.
	Idle time.Duration `yaml:"idle"`
}

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{Model: "speech-2.8-turbo", Idle: time.Minute}
}

// Validate checks the options.
func (c *Config) Validate() error {
	if c.Model == "" {
		return errors.New("model: must not be empty")
	}
	if c.Idle < time.Second {
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// options are the client's provider_options.minimax. What is nil is left to the vendor.
type options struct {
	Volume        *float64
	Pitch         *int64
	Emotion       *string
	Pronunciation []string // word/how it is said each
}

// Bounds of options. The vendor documents those of volume and pitch; the last two are our own.
const (
	minVolume         = 0.01 // above 0
	maxVolume         = 10
	maxPitch          = 12
	maxPronunciations = 200
	maxPronunciation  = 128 // characters of an entry
)

// emotions are the vendor's. Models differ in which of the last two they know.
var emotions = []string{"happy", "sad", "angry", "fearful", "disgusted", "surprised", "calm", "fluent", "whisper"}

// parseOptions checks options against what the vendor documents.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, (*options).set)
}

// set takes a field, and says what is wrong with it, if anything is.
func (o *options) set(name string, value json.RawMessage) (reason string) {
	switch name {
	case "vol":
		return upstream.NumberOption(value, &o.Volume, minVolume, maxVolume)
	case "pitch":
		return upstream.IntegerOption(value, &o.Pitch, -maxPitch, maxPitch)
	case "emotion":
		if !upstream.Option(value, &o.Emotion) || !slices.Contains(emotions, *o.Emotion) {
			return "must be one of " + strings.Join(emotions, ", ")
		}
		return ""
	case "pronunciation_dict":
		return o.setPronunciation(value)
	}
	return upstream.UnknownOption
}

// setPronunciation takes how words are said.
func (o *options) setPronunciation(value json.RawMessage) (reason string) {
	if !upstream.Option(value, &o.Pronunciation) || len(o.Pronunciation) > maxPronunciations {
		return fmt.Sprintf("must be a list of at most %d strings", maxPronunciations)
	}
	for _, entry := range o.Pronunciation {
		word, said, ok := strings.Cut(entry, "/")
		odd := utf8.RuneCountInString(entry) > maxPronunciation || strings.ContainsFunc(entry, unicode.IsControl)
		if !ok || word == "" || said == "" || odd {
			return fmt.Sprintf("must have entries of the form word/how it is said, of at most %d characters", maxPronunciation)
		}
	}
	return ""
}
