package upstreamtest

import (
	"encoding/json"
	"errors"
	"testing"

	"voicerelay/upstream"
)

// CheckOptions checks that clients' options are refused, each for the field that is named; empty: for the whole.
func CheckOptions(t *testing.T, parse func(json.RawMessage) error, refused map[string]string) {
	t.Helper()
	for raw, field := range refused {
		err := parse(json.RawMessage(raw))
		var option *upstream.OptionError
		if !errors.As(err, &option) || option.Field != field || option.Reason == "" {
			t.Errorf("%.80s: got %v, want an error of %q", raw, err, field)
		}
	}
}
