package kugelaudio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"voicerelay/upstream"
)

// options are the client's provider_options.kugelaudio. What is nil is left to the vendor.
type options struct {
	CFGScale      *float64
	Temperature   *float64
	MaxNewTokens  *int64
	SpeakerPrefix *bool
	ProjectID     *int64
	DictionaryIDs *[]int64 // an empty list means none, which is not the same as leaving it out
}

// maxDictionaries is the vendor's own bound.
const maxDictionaries = 50

// parseOptions checks options against what the vendor documents, so that a client hears of a mistake before
// anything is ordered.
func parseOptions(raw json.RawMessage) (*options, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, &upstream.OptionError{Reason: "must be an object"}
	}
	o := &options{}
	for _, name := range sorted(fields) {
		if reason := o.set(name, fields[name]); reason != "" {
			return nil, &upstream.OptionError{Field: name, Reason: reason}
		}
	}
	if o.DictionaryIDs != nil && len(*o.DictionaryIDs) > 0 && o.ProjectID == nil {
		return nil, &upstream.OptionError{Field: "dictionary_ids", Reason: "needs project_id"}
	}
	return o, nil
}

// sorted are the names in order, so that of several mistakes the same one is told each time.
func sorted(fields map[string]json.RawMessage) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// set sets one option and says what is wrong with it, if anything is.
func (o *options) set(name string, raw json.RawMessage) (reason string) {
	switch name {
	case "cfg_scale":
		return number(raw, &o.CFGScale, 1.2, 2.5)
	case "temperature":
		return number(raw, &o.Temperature, 0, 1)
	case "max_new_tokens":
		return integer(raw, &o.MaxNewTokens, 1, 8192)
	case "project_id":
		return integer(raw, &o.ProjectID, 1, 1<<53)
	case "speaker_prefix":
		if !decode(raw, &o.SpeakerPrefix) {
			return "must be true or false"
		}
		return ""
	case "dictionary_ids":
		return o.setDictionaries(raw)
	}
	return "unknown option"
}

func (o *options) setDictionaries(raw json.RawMessage) string {
	if !decode(raw, &o.DictionaryIDs) {
		return "must be a list of whole numbers"
	}
	if len(*o.DictionaryIDs) > maxDictionaries {
		return fmt.Sprintf("must have at most %d", maxDictionaries)
	}
	return ""
}

// decode reads a value that must not be null.
func decode(raw json.RawMessage, into any) bool {
	return !bytes.Equal(raw, []byte("null")) && json.Unmarshal(raw, into) == nil
}

func number(raw json.RawMessage, into **float64, low, high float64) string {
	if !decode(raw, into) || **into < low || **into > high {
		return fmt.Sprintf("must be a number from %g to %g", low, high)
	}
	return ""
}

func integer(raw json.RawMessage, into **int64, low, high int64) string {
	if !decode(raw, into) || **into < low || **into > high {
		return fmt.Sprintf("must be a whole number from %d to %d", low, high)
	}
	return ""
}
