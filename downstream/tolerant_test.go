package downstream

import (
	"encoding/json"
	"strings"
	"testing"
)

// asked is what some dialect's client might send.
type asked struct {
	Text  string `json:"text"`
	Rate  Number `json:"rate"`
	Flush Flag   `json:"flush"`
	Inner struct {
		Voice string `json:"voice"`
	} `json:"inner"`
}

// What clients of other versions send besides is passed over, numbers and truths may be text, and null is nothing.
func TestTolerantJSONIsRead(t *testing.T) {
	for source, want := range map[string]asked{
		`{"text":"Hi","new":{"deep":[1]},"rate":24000,"flush":true}`: {Text: "Hi", Rate: Number{24000, true}, Flush: Flag{true, true}},
		`{"rate":"24000","flush":"false"}`:                           {Rate: Number{24000, true}, Flush: Flag{false, true}},
		` {"text":null,"rate":null,"flush":null} `:                   {},
		`{"rate":"","flush":""}`:                                     {},
	} {
		var got asked
		if err := DecodeTolerant([]byte(source), &got); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", source, got, err)
		}
	}
}

// What can't be read is refused by the name of the field, and never with what is in it.
func TestTolerantJSONIsRefusedByItsField(t *testing.T) {
	for source, param := range map[string]string{
		``:                             "",
		`[]`:                           "",
		`"text"`:                       "",
		`{"text":"Hi"`:                 "",
		`{"text":["secret"]}`:          "text",
		`{"text":17}`:                  "text",
		`{"rate":"secret"}`:            "rate",
		`{"rate":[17]}`:                "rate",
		`{"rate":"NaN"}`:               "rate",
		`{"rate":"-Inf"}`:              "rate",
		`{"flush":"secret"}`:           "flush",
		`{"inner":{"voice":{"id":1}}}`: "inner.voice",
		"{\"text\":\"\xff\"}":          "",
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`: "",
	} {
		var got asked
		err := DecodeTolerant([]byte(source), &got)
		if err == nil || err.Param != param || strings.Contains(err.Message, "secret") || err.Message == "" {
			t.Errorf("%s: got %+v, want a refusal of %q", source, err, param)
		}
	}
}

func FuzzDecodeTolerant(f *testing.F) {
	for _, seed := range []string{`{"text":"Hi","rate":"1","flush":true}`, `{"inner":{"voice":"a"}}`, `[`, `{"rate":1e999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		var got asked
		if err := DecodeTolerant(source, &got); err == nil && !json.Valid(source) {
			t.Errorf("%q was read, and is no JSON", source)
		}
	})
}
