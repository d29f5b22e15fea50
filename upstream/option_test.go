package upstream_test

import (
	"encoding/json"
	"errors"
	"testing"

	"voicerelay/upstream"
)

// levels are options of a made-up vendor.
type levels struct {
	Gain  *float64
	Count *int64
	Loud  *bool
}

func (l *levels) set(name string, value json.RawMessage) (reason string) {
	switch name {
	case "gain":
		return upstream.NumberOption(value, &l.Gain, 0.5, 2)
	case "count":
		return upstream.IntegerOption(value, &l.Count, 1, 3)
	case "loud":
		return upstream.FlagOption(value, &l.Loud)
	}
	return upstream.UnknownOption
}

func TestOptionsAreRefusedByTheirNames(t *testing.T) {
	for raw, want := range map[string]upstream.OptionError{
		``:                             {Reason: "must be an object"},
		`null`:                         {Reason: "must be an object"},
		`[]`:                           {Reason: "must be an object"},
		`{"gain":0.4}`:                 {Field: "gain", Reason: "must be a number from 0.5 to 2"},
		`{"gain":null}`:                {Field: "gain", Reason: "must be a number from 0.5 to 2"},
		`{"count":1.5}`:                {Field: "count", Reason: "must be a whole number from 1 to 3"},
		`{"count":4}`:                  {Field: "count", Reason: "must be a whole number from 1 to 3"},
		`{"loud":"yes"}`:               {Field: "loud", Reason: "must be true or false"},
		`{"z":1,"gain":1,"b":2,"a":1}`: {Field: "a", Reason: "unknown option"},
	} {
		_, err := upstream.ParseOptions(json.RawMessage(raw), (*levels).set)
		var got *upstream.OptionError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%s: got %v, want %v", raw, err, &want)
		}
	}
}

func TestOptionsReachTheRequest(t *testing.T) {
	o, err := upstream.ParseOptions(json.RawMessage(` {"gain":2,"count":3,"loud":false} `), (*levels).set)
	if err != nil || *o.Gain != 2 || *o.Count != 3 || *o.Loud {
		t.Fatalf("got %+v, %v", o, err)
	}
	if got := upstream.OptionsOf[levels](upstream.Request{Options: o}); got != o {
		t.Errorf("got %+v of the request, want %+v", got, o)
	}
	if got := upstream.OptionsOf[levels](upstream.Request{}); got == nil || *got != (levels{}) {
		t.Errorf("got %+v of a request without any", got)
	}
}
