package plain

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"runtime"
	"strings"
	"testing"

	"voicerelay/relay/relaytest"
)

var someFields = fieldsAt(map[string]keep{"a": {most: 64}, "b.c": {most: 64}, "b.d.e": {most: 8}, "b.d.id": {most: 8, optional: true}})

func TestFieldsAreKeptByTheirPaths(t *testing.T) {
	for text, want := range map[string]values{
		`{}`:                                {},
		` {"a":"x"} `:                       {"a": {"x", true}},
		`{"a":12.5,"b":{"c":true}}`:         {"a": {"12.5", false}, "b.c": {"true", false}},
		`{"c":"no","b":[{"c":"no"}],"a":1}`: {"a": {"1", false}},
		`{"a":"first","a":"last"}`:          {"a": {"last", true}},
		`{"a":"first","a":null}`:            {},
		`{"b":{"x":{"c":1},"c":"\u00e9\ud83d\ude42\/\n"}}`: {"b.c": {"é🙂/\n", true}},
		`{"a":"\ud83dx\ude42\ud83d\u0041"}`:                {"a": {"\uFFFDx\uFFFD\uFFFDA", true}},
		`{"b":{"d":{"id":"far too long","e":"x"}}}`:        {"b.d.e": {"x", true}},
		`{"b":{"d":{"id":[1,2]}}}`:                         {},
		`{"\u0061":"x"}`:                                   {"a": {"x", true}},
		`{"` + strings.Repeat("n", 5000) + `":"x","a":"` + strings.Repeat("é", 32) + `"}`: {"a": {strings.Repeat("é", 32), true}},
	} {
		got, err := someFields.read(strings.NewReader(text))
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%.80s: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestFieldsThatCannotBeKeptAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":{}}`:                      "a",
		`{"b":{"c":[]}}`:                "b.c",
		`{"b":{"d":{"e":"123456789"}}}`: "b.d.e",
	} {
		_, err := someFields.read(strings.NewReader(text))
		var field *fieldError
		if !errors.As(err, &field) || field.field != want {
			t.Errorf("%s: got %v, want an error of %s", text, err, want)
		}
	}
}

// A body that breaks off is told from one that is malformed.
func TestAnErrorOfTheReaderIsReturned(t *testing.T) {
	gone := errors.New("gone")
	for _, begun := range []string{``, `{`, `{"a"`, `{"a":"x`, `{"a":1`, `{"a":"\u00`, `{"x":[1,`, `{"a":"x"}`} {
		if _, err := someFields.read(&breaking{strings.NewReader(begun), gone}); !errors.Is(err, gone) {
			t.Errorf("%s: got %v, want what the reader said", begun, err)
		}
	}
}

// breaking reads a text and then fails.
type breaking struct {
	from *strings.Reader
	err  error
}

func (b *breaking) Read(p []byte) (int, error) {
	if n, _ := b.from.Read(p); n > 0 {
		return n, nil
	}
	return 0, b.err
}

// What is not looked for takes no memory, however large it is.
func TestALargeBodyIsNotKept(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	body := `{"x":"` + strings.Repeat("long ", 1<<20) + `","y":[` + strings.Repeat(`{"k":"v","n":[1,2,3]},`, 100_000) + `{}],"a":"here"}`
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got, err := someFields.read(strings.NewReader(body))
	runtime.ReadMemStats(&after)
	if err != nil || got["a"].text != "here" {
		t.Fatalf("got %v, %v", got, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10 {
		t.Errorf("%d KiB for a body of %d KiB", used>>10, len(body)>>10)
	}
}

// What encoding/json takes is taken, and its values are found; what it refuses is refused.
func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		`{"a":"x","b":{"c":1,"d":{"e":null,"id":"7"}}}`, `{"a":"\ud83d\ude42\u0000","x":[{},[],-0.5e+3,true]}`, `{"a":`, `{}x`, "\xff", `{"a":"` + "\xff" + `"}`,
		`{"a":1,}`, `{"a":01}`, `[]`, `{"a":"\ud83d\u"}`, `{"b":{"c":"\ud83d`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := someFields.read(bytes.NewReader(data))
		var field *fieldError
		if errors.As(err, &field) || len(data) > maxScalar || bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > maxDepth {
			return // bounds that encoding/json does not have
		}
		var want map[string]any
		valid := json.Unmarshal(data, &want) == nil && want != nil
		if valid != (err == nil) && !bytes.ContainsRune(data, '\uFFFD') && bytes.Equal(data, bytes.ToValidUTF8(data, nil)) {
			t.Fatalf("%q: %v, while encoding/json takes it: %v", data, err, valid)
		}
		if text, ok := want["a"].(string); ok && err == nil && got["a"].text != text {
			t.Errorf("%q: a is %q, want %q", data, got["a"].text, text)
		}
	})
}

func TestMarkupIsNotSpoken(t *testing.T) {
	for ssml, want := range map[string]string{
		`<speak>Hello.</speak>`: "Hello.",
		`Hello.`:                "Hello.",
		`<?xml version="1.0"?><speak version="1.1">Hi.</speak>`:         "Hi.",
		`<speak>It is <emphasis level="strong">big</emphasis>.</speak>`: "It is big.",
		`<p>One.</p><p>Two.</p>`:                                        "One.  Two.",
		`a<!-- not <b> said -->b`:                                       "ab",
		`3 &lt; 4 &amp; "x"`:                                            `3 < 4 & "x"`,
		`an <unended`:                                                   "an",
		`<break/>`:                                                      "",
		``:                                                              "",
	} {
		if got := withoutMarkup(ssml); got != want {
			t.Errorf("%s: got %q, want %q", ssml, got, want)
		}
	}
}

func FuzzMarkup(f *testing.F) {
	for _, seed := range []string{`<speak>Hi &amp; bye<break time="1s"/></speak>`, `<!-- -->`, `<`, `a < b > c`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ssml string) {
		if got := withoutMarkup(ssml); len(got) > 2*len(ssml)+1 {
			t.Errorf("%q: got %q", ssml, got)
		}
	})
}
