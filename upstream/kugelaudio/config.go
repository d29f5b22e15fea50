package kugelaudio

import (
	"encoding/json"
	"fmt"

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

// parseOptions checks options against what the vendor documents.
func parseOptions(raw json.RawMessage) (*options, error) {
	o, err := upstream.ParseOptions(raw, (*options).set)
	if err != nil {
		return nil, err
	}
	if o.DictionaryIDs != nil && len(*o.DictionaryIDs) > 0 && o.ProjectID == nil {
		return nil, &upstream.OptionError{Field: "dictionary_ids", Reason: "needs project_id"}
	}
	return o, nil
}

// set sets one option and says what is wrong with it, if anything is.
func (o *options) set(name string, raw json.RawMessage) (reason string) {
	switch name {
	case "cfg_scale":
		return upstream.NumberOption(raw, &o.CFGScale, 1.2, 2.5)
	case "temperature":
		return upstream.NumberOption(raw, &o.Temperature, 0, 1)
	case "max_new_tokens":
		return upstream.IntegerOption(raw, &o.MaxNewTokens, 1, 8192)
	case "project_id":
		return upstream.IntegerOption(raw, &o.ProjectID, 1, 1<<53)
	case "speaker_prefix":
		return upstream.FlagOption(raw, &o.SpeakerPrefix)
	case "dictionary_ids":
		return o.setDictionaries(raw)
	}
	return upstream.UnknownOption
}

func (o *options) setDictionaries(raw json.RawMessage) string {
	if !upstream.Option(raw, &o.DictionaryIDs) {
		return "must be a list of whole numbers"
	}
	if len(*o.DictionaryIDs) > maxDictionaries {
		return fmt.Sprintf("must have at most %d", maxDictionaries)
	}
	return ""
}
