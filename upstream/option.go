package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// OptionError names a field of provider_options that an adapter refuses.
type OptionError struct {
	// Field is the path below the provider's name, such as "cfg_scale"; empty for the object itself.
	Field  string
	Reason string
}

func (e *OptionError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

// UnknownOption is the reason to refuse a field that an adapter does not know.
const UnknownOption = "unknown option"

// ParseOptions reads a client's provider_options, a field at a time: set says what is wrong with one, if anything is.
// Adapters check all that the vendor documents, so that a client hears of a mistake before anything is ordered.
func ParseOptions[O any](raw json.RawMessage, set func(o *O, name string, value json.RawMessage) (reason string)) (*O, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, &OptionError{Reason: "must be an object"}
	}
	o := new(O)
	for _, name := range slices.Sorted(maps.Keys(fields)) { // of several mistakes the same one is told each time
		if reason := set(o, name, fields[name]); reason != "" {
			return nil, &OptionError{Field: name, Reason: reason}
		}
	}
	return o, nil
}

// NoOptions takes an empty object only.
func NoOptions(raw json.RawMessage) error {
	_, err := ParseOptions(raw, func(*struct{}, string, json.RawMessage) string { return UnknownOption })
	return err
}

// OptionsOf are the request's, or the zero value where the client gave none.
func OptionsOf[O any](req Request) *O {
	if o, ok := req.Options.(*O); ok {
		return o
	}
	return new(O)
}

// Option reads an option's value, which must not be null.
func Option(value json.RawMessage, into any) bool {
	return !bytes.Equal(value, []byte("null")) && json.Unmarshal(value, into) == nil
}

// FlagOption is Option of what is true or false, and says what is wrong.
func FlagOption(value json.RawMessage, into **bool) (reason string) {
	if !Option(value, into) {
		return "must be true or false"
	}
	return ""
}

// NumberOption is Option within bounds, and says what is wrong.
func NumberOption(value json.RawMessage, into **float64, low, high float64) (reason string) {
	if !Option(value, into) || **into < low || **into > high {
		return fmt.Sprintf("must be a number from %g to %g", low, high)
	}
	return ""
}

// IntegerOption is Option of a whole number within bounds, and says what is wrong.
func IntegerOption(value json.RawMessage, into **int64, low, high int64) (reason string) {
	if !Option(value, into) || **into < low || **into > high {
		return fmt.Sprintf("must be a whole number from %d to %d", low, high)
	}
	return ""
}
