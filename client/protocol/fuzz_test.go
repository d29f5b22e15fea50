package protocol

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxRefusal bounds an encoded refusal, however long the message: 32 names of a path at 67 bytes, each of which may
// need six bytes in JSON, twice, and room for the rest.
const maxRefusal = 2*6*maxDepth*(maxParamName+4) + 1024

func FuzzDecode(f *testing.F) {
	for _, rows := range refusals {
		for _, r := range rows {
			f.Add([]byte(r.message))
		}
	}
	f.Add([]byte(`{"type":"generate","generation_id":"g1","text":"a\ud83d\ude00","voice":"v","speed":1.5,"output":{"encoding":"alaw"},` +
		`"provider_options":{"tone":{"a":[1,{"b":null}]}},"metadata":{"k":"v"},"final":false,"context_id":"c","idempotency_key":"i",` +
		`"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","tracestate":"a=1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		cmd, refused := Decode(data)
		if !bytes.Equal(data, before) {
			t.Fatalf("wrote over its input")
		}
		if refused != nil {
			checkRefused(t, cmd, refused)
			return
		}
		var generic map[string]any
		if err := json.Unmarshal(data, &generic); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if fault := strictness(data); fault != "" || !utf8.Valid(data) {
			t.Fatalf("accepted %s", fault)
		}
		if g, ok := cmd.(*Generate); ok {
			checkSameAgain(t, g)
		}
	})
}

func checkRefused(t *testing.T, cmd Command, refused *Error) {
	t.Helper()
	if cmd != nil {
		t.Errorf("both a command and an error")
	}
	if refused.Code != CodeInvalidRequest && refused.Code != CodeUnsupportedFormat || refused.Message == "" {
		t.Errorf("error without its due: %+v", refused)
	}
	if id := refused.GenerationID; id != "" && !ValidID(id) {
		t.Errorf("echoes the invalid id %q", id)
	}
	if body := Encode(refused); !json.Valid(body) || !utf8.Valid(body) || len(body) > maxRefusal {
		t.Errorf("encodes as %d bytes: %s", len(body), body)
	}
}

// checkSameAgain encodes a generate by its values and decodes that.
func checkSameAgain(t *testing.T, g *Generate) {
	t.Helper()
	fields := map[string]any{"type": "generate", "generation_id": g.GenerationID, "text": g.Text, "final": g.Final}
	if g.IdempotencyKey != "" {
		fields["idempotency_key"] = g.IdempotencyKey
	}
	if g.ContextID != "" {
		fields["context_id"] = g.ContextID
	}
	if g.Traceparent != "" {
		fields["traceparent"] = g.Traceparent
	}
	if g.Tracestate != "" {
		fields["tracestate"] = g.Tracestate
	}
	put(fields, "text_idle_timeout_ms", g.TextIdleTimeoutMS)
	put(fields, "voice", g.Voice)
	put(fields, "route", g.Route)
	put(fields, "language", g.Language)
	put(fields, "speed", g.Speed)
	put(fields, "output", g.Output)
	put(fields, "word_timestamps", g.WordTimestamps)
	put(fields, "normalize", g.Normalize)
	put(fields, "provider_options", g.ProviderOptions)
	put(fields, "metadata", g.Metadata)
	body, err := marshal(fields)
	if err != nil {
		t.Fatalf("encode again: %v", err)
	}
	again, refused := Decode(body)
	if refused != nil {
		t.Fatalf("refused when encoded again: %v: %s", refused, body)
	}
	compactOptions(t, g)
	if !reflect.DeepEqual(again, g) {
		t.Errorf("got %#v, want %#v", again, g)
	}
}

func put[T any](fields map[string]any, name string, s Setting[T]) {
	if s.Set {
		fields[name] = s.Value
	}
}

// compactOptions drops the white space that encoding/json drops from raw messages.
func compactOptions(t *testing.T, g *Generate) {
	t.Helper()
	for provider, raw := range g.ProviderOptions.Value {
		small, err := marshal(raw)
		if err != nil {
			t.Fatalf("options of %q: %v", provider, err)
		}
		g.ProviderOptions.Value[provider] = small
	}
}

// FuzzScan holds the scanner against encoding/json's own tokens: on any JSON object it finds a fault exactly where
// they show one, and never leaves its place.
func FuzzScan(f *testing.F) {
	for _, rows := range refusals {
		for _, r := range rows {
			f.Add([]byte(r.message))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.TrimSpace(data)
		if !json.Valid(data) || !utf8.Valid(data) || !isObject(data) {
			return
		}
		fields, fault := scan(data)
		// U+FFFD is what encoding/json makes of half a pair, so that one in the message hides that.
		if hidden := bytes.ContainsRune(data, utf8.RuneError) || bytes.Contains(bytes.ToLower(data), []byte(`\ufffd`)); hidden {
			return
		}
		if want := strictness(data); (fault != nil) != (want != "") {
			t.Fatalf("got fault %v, want %q", fault, want)
		}
		if fault == nil {
			checkFields(t, fields, data)
		}
	})
}

func checkFields(t *testing.T, fields []field, data []byte) {
	t.Helper()
	var want map[string]json.RawMessage
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if len(fields) != len(want) {
		t.Fatalf("got %d fields, want %d", len(fields), len(want))
	}
	for _, f := range fields {
		if raw, ok := want[f.name]; !ok || !bytes.Equal(raw, f.raw) {
			t.Errorf("%q: got %s, want %s", f.name, f.raw, raw)
		}
	}
}

// strictness says what is wrong with a valid JSON object beyond its grammar, by encoding/json's tokens alone.
func strictness(data []byte) string {
	type level struct {
		object, value bool // value: a key has been read, its value comes next
		keys          map[string]bool
	}
	var levels []level
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return ""
		}
		if err != nil {
			return err.Error()
		}
		text, isText := token.(string)
		if isText && strings.ContainsRune(text, 0) {
			return "NUL"
		}
		if isText && strings.ContainsRune(text, utf8.RuneError) && !bytes.ContainsRune(data, utf8.RuneError) && !bytes.Contains(bytes.ToLower(data), []byte(`\ufffd`)) {
			return "half a surrogate pair"
		}
		delim, _ := token.(json.Delim)
		if delim == '}' || delim == ']' {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].object {
			if top := &levels[n-1]; top.value {
				top.value = false
			} else {
				if top.keys[text] {
					return "repeated key"
				}
				top.keys[text], top.value = true, true
			}
		}
		if delim != 0 {
			levels = append(levels, level{object: delim == '{', keys: map[string]bool{}})
		}
		if len(levels) > maxDepth {
			return "too deep"
		}
	}
}
