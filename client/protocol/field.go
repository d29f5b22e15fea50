package protocol

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of fields. Characters are code points.
const (
	MaxIDLength       = 128        // characters of an id
	MaxNameLength     = 256        // characters of a voice or route
	MaxLanguageLength = 35         // characters of a language tag
	MinSpeed          = 0.5        // factor
	MaxSpeed          = 2.0        // factor
	MaxMetadataKeys   = 16         // entries of metadata
	MaxMetadataBytes  = 256        // bytes of a key of metadata, and of a value
	MaxMetadataSize   = 4 << 10    // bytes of metadata as JSON: every record keeps them
	MaxOptionsSize    = 16 << 10   // bytes of provider_options as JSON: 200 entries of a dictionary with 80 bytes each
	MaxPlayedMS       = 86_400_000 // a day: no generation is as long
	MinTextIdleMS     = 1000       // shorter pauses are those between two sentences
	MaxTextIdleMS     = 3_600_000  // an hour: a relay has a bound of its own, which is mostly far shorter
)

// A parser reads one value, which is valid JSON without the faults that scan finds. param is its path.
type parser[T any] func(param string, raw []byte) (T, *Error)

// ValidID reports whether s can be a generation or context id: 1 to 128 of A-Z a-z 0-9 . _ : -
func ValidID(s string) bool {
	if s == "" || len(s) > MaxIDLength {
		return false
	}
	for i := range len(s) {
		if !idByte(s[i]) {
			return false
		}
	}
	return true
}

func idByte(b byte) bool {
	return alphanumeric(b) || b == '.' || b == '_' || b == ':' || b == '-'
}

func alphanumeric(b byte) bool { return letter(b) || '0' <= b && b <= '9' }

func letter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

func parseID(param string, raw []byte) (string, *Error) {
	s, ok := unquote(raw)
	if !ok || !ValidID(s) {
		return "", mustBe(param, "a string of 1 to 128 characters of A-Z, a-z, 0-9, '.', '_', ':' and '-'")
	}
	return s, nil
}

func parseText(param string, raw []byte) (string, *Error) {
	s, ok := unquote(raw)
	if !ok {
		return "", mustBe(param, "a string")
	}
	return s, nil
}

// boundedText parses strings of least to most characters.
func boundedText(least, most int) parser[string] {
	return func(param string, raw []byte) (string, *Error) {
		s, ok := unquote(raw)
		if n := utf8.RuneCountInString(s); !ok || n < least || n > most {
			return "", mustBe(param, fmt.Sprintf("a string of %d to %d characters", least, most))
		}
		return s, nil
	}
}

func parseLanguage(param string, raw []byte) (string, *Error) {
	s, ok := unquote(raw)
	if !ok || len(s) > MaxLanguageLength || !IsLanguageTag(s) {
		return "", mustBe(param, "a BCP 47 language tag of at most 35 characters, such as en or zh-Hant-TW")
	}
	return s, nil
}

// IsLanguageTag reports whether s has the form of a BCP 47 tag: subtags of 1 to 8 letters and digits, the first of them
// letters only. It does not ask whether the subtags are registered.
func IsLanguageTag(s string) bool {
	for i, subtag := range strings.Split(s, "-") {
		if subtag == "" || len(subtag) > 8 {
			return false
		}
		for j := range len(subtag) {
			if b := subtag[j]; !letter(b) && (i == 0 || !alphanumeric(b)) {
				return false
			}
		}
	}
	return true
}

func parseBool(param string, raw []byte) (bool, *Error) {
	switch string(raw) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, mustBe(param, "true or false")
}

func parseSpeed(param string, raw []byte) (float64, *Error) {
	// A number that is too large for a float fails to parse; whatever is no number fails as well.
	v, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || v < MinSpeed || v > MaxSpeed {
		return 0, mustBe(param, "a number from 0.5 to 2.0")
	}
	return v, nil
}

func parsePlayedMS(param string, raw []byte) (int64, *Error) {
	v, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || v < 0 || v > MaxPlayedMS {
		return 0, mustBe(param, "an integer from 0 to "+strconv.Itoa(MaxPlayedMS))
	}
	return v, nil
}

func parseTextIdle(param string, raw []byte) (int64, *Error) {
	v, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || v < MinTextIdleMS || v > MaxTextIdleMS {
		return 0, mustBe(param, fmt.Sprintf("an integer from %d to %d", MinTextIdleMS, MaxTextIdleMS))
	}
	return v, nil
}

func parsePlayed(param string, raw []byte) (map[string]int64, *Error) {
	if !isObject(raw) {
		return nil, mustBe(param, "an object of milliseconds by generation id")
	}
	played := map[string]int64{}
	for _, f := range members(raw) {
		path := join(param, f.name)
		if !ValidID(f.name) {
			return nil, invalid(path, "a key of "+param+" must be a valid generation id")
		}
		ms, err := parsePlayedMS(path, f.raw)
		if err != nil {
			return nil, err
		}
		played[f.name] = ms
	}
	return played, nil
}

func parseMetadata(param string, raw []byte) (map[string]string, *Error) {
	if !isObject(raw) {
		return nil, mustBe(param, "an object of strings")
	}
	fields := members(raw)
	if len(fields) > MaxMetadataKeys {
		return nil, mustBe(param, "an object of at most 16 strings")
	}
	metadata := make(map[string]string, len(fields))
	for _, f := range fields {
		path := join(param, f.name)
		value, ok := unquote(f.raw)
		if len(f.name) > MaxMetadataBytes {
			return nil, invalid(path, "a key of "+param+" must be at most 256 bytes")
		}
		if !ok || len(value) > MaxMetadataBytes {
			return nil, mustBe(path, "a string of at most 256 bytes")
		}
		if hasControl(f.name) || hasControl(value) {
			return nil, mustBe(path, "without control characters, its key too")
		}
		metadata[f.name] = value
	}
	if encoded, err := marshal(metadata); err != nil || len(encoded) > MaxMetadataSize {
		return nil, mustBe(param, fmt.Sprintf("at most %d bytes as JSON", MaxMetadataSize))
	}
	return metadata, nil
}

// hasControl reports whether s has a control character. They are of no use in what only people and programs read again,
// and are up to six times as long as JSON.
func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// parseProviderOptions leaves what is inside a provider's object to its adapter.
func parseProviderOptions(param string, raw []byte) (map[string]json.RawMessage, *Error) {
	if !isObject(raw) {
		return nil, mustBe(param, "an object of objects by provider")
	}
	if len(raw) > MaxOptionsSize {
		return nil, mustBe(param, fmt.Sprintf("at most %d bytes as JSON", MaxOptionsSize))
	}
	options := map[string]json.RawMessage{}
	for _, f := range members(raw) {
		if !isObject(f.raw) {
			return nil, mustBe(join(param, f.name), "an object")
		}
		options[f.name] = slices.Clone(f.raw) // the message's buffer is the caller's
	}
	return options, nil
}

func isObject(raw []byte) bool { return raw[0] == '{' }
