package together

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"voicerelay/upstream"
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Auth is where the key goes: "header", as a Bearer token, or "query", as api_key. The vendor takes either.
	Auth string `yaml:"auth"`
	// Alignment is "word" for word times, or "none" for models that the vendor gives none of, or that refuse it.
	Alignment string `yaml:"alignment"`
	// MaxPartialLength is after how many characters the vendor speaks without being told to. It should be above the
	// longest piece of any route.
	MaxPartialLength int `yaml:"max_partial_length"`
	// ContextsPerSocket is how many streams share a socket whose contexts are named. The vendor's own limit is 100.
	ContextsPerSocket int `yaml:"contexts_per_socket"`
	// Quiet is how long nothing must come after the last done before a stream is over, where its words don't tell.
	Quiet time.Duration `yaml:"quiet"`
	// Idle is how long a socket is kept that no stream is on. The vendor's own limit is not documented.
	Idle time.Duration `yaml:"idle"`
}

func defaults() Config {
	return Config{
		Auth:              inHeader,
		Alignment:         alignWord,
		MaxPartialLength:  500,
		ContextsPerSocket: 8,
		Quiet:             300 * time.Millisecond,
		Idle:              time.Minute,
	}
}

const (
	inHeader, inQuery    = "header", "query"
	alignWord, alignNone = "word", "none"
	// contextsInAll is how many contexts a socket has in its life. The vendor allows 100, and may count those that
	// are over.
	contextsInAll = 90
)

// Validate checks the options.
func (c *Config) Validate() error {
	switch {
	case c.Auth != inHeader && c.Auth != inQuery:
		return errors.New("auth: must be header or query")
	case c.Alignment != alignWord && c.Alignment != alignNone:
		return errors.New("alignment: must be word or none")
	case c.MaxPartialLength < 1:
		return errors.New("max_partial_length: must be at least 1")
	case c.ContextsPerSocket < 1 || c.ContextsPerSocket > contextsInAll:
		return errors.New("contexts_per_socket: must be 1 to 90")
	case c.Quiet < 50*time.Millisecond || c.Quiet > 2*time.Second:
		return errors.New("quiet: must be 50ms to 2s")
	case c.Idle < time.Second:
		return errors.New("idle: must be at least 1s")
	}
	return nil
}

// options are the client's provider_options.together.
type options struct {
	PronunciationDict []string // source/replacement each
}

// maxPronunciations and maxPronunciation are our own bounds: the vendor names none. All of them go out with each socket.
const (
	maxPronunciations = 200
	maxPronunciation  = 128 // characters of an entry
)

// parseOptions checks options against what the vendor documents.
func parseOptions(raw json.RawMessage) (*options, error) {
	return upstream.ParseOptions(raw, (*options).set)
}

// set sets the one option and says what is wrong with it, if anything is.
func (o *options) set(name string, raw json.RawMessage) (reason string) {
	if name != "pronunciation_dict" {
		return upstream.UnknownOption
	}
	if json.Unmarshal(raw, &o.PronunciationDict) != nil || o.PronunciationDict == nil {
		return "must be a list of strings"
	}
	if len(o.PronunciationDict) > maxPronunciations {
		return "must have at most 200 entries"
	}
	for _, entry := range o.PronunciationDict {
		if source, replacement, ok := strings.Cut(entry, "/"); !ok || source == "" || replacement == "" {
			return "must have entries of the form source/replacement"
		}
		if utf8.RuneCountInString(entry) > maxPronunciation || strings.ContainsFunc(entry, unicode.IsControl) {
			return fmt.Sprintf("must have entries of at most %d characters, none of them a control character", maxPronunciation)
		}
	}
	return ""
}
