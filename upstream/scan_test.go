package upstream

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func names(ns ...string) []Field {
	fields := make([]Field, len(ns))
	for i, n := range ns {
		fields[i].Name = n
	}
	return fields
}

func TestScanFlatFindsValues(t *testing.T) {
	fields := names("audio", "idx", "final", "rate", "missing")
	data := ` { "audio" : "AAAA" , "idx":12,"other":"x","final":true,
		"rate":-1.5e+3 } `
	if !ScanFlat([]byte(data), fields) {
		t.Fatal("not taken")
	}
	for i, want := range []string{`"AAAA"`, "12", "true", "-1.5e+3", ""} {
		if got := string(fields[i].Raw); got != want {
			t.Errorf("%s: got %q, want %q", fields[i].Name, got, want)
		}
	}
	if text, ok := fields[0].Text(); !ok || string(text) != "AAAA" {
		t.Errorf("Text: got %q, %v", text, ok)
	}
	if n, ok := fields[1].Int(); !ok || n != 12 {
		t.Errorf("Int: got %d, %v", n, ok)
	}
	for _, f := range []Field{fields[0], fields[3], fields[4]} {
		if n, ok := f.Int(); ok {
			t.Errorf("Int of %q: got %d, want none", f.Raw, n)
		}
	}
	if text, ok := fields[1].Text(); ok {
		t.Errorf("Text of a number: got %q, want none", text)
	}
}

func TestScanFlatForgetsTheFrameBefore(t *testing.T) {
	fields := names("a")
	if !ScanFlat([]byte(`{"a":1}`), fields) || !ScanFlat([]byte(`{"b":1}`), fields) {
		t.Fatal("not taken")
	}
	if fields[0].Raw != nil {
		t.Errorf("got %q of the frame before", fields[0].Raw)
	}
}

func TestScanFlatLeavesTheRest(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":          ``,
		"no object":        `[1]`,
		"nested object":    `{"a":{}}`,
		"nested array":     `{"a":[]}`,
		"escape":           `{"a":"\n"}`,
		"escape elsewhere": `{"b":"\"","a":1}`,
		"escaped name":     `{"\u0061":1}`,
		"twice":            `{"a":1,"a":2}`,
		"more after it":    `{"a":1} x`,
		"two objects":      `{"a":1}{}`,
		"comma at the end": `{"a":1,}`,
		"no comma":         `{"a":1 "b":2}`,
		"no value":         `{"a":}`,
		"no name":          `{:1}`,
		"cut":              `{"a":"AAAA`,
		"leading zero":     `{"a":01}`,
		"bare minus":       `{"a":-}`,
		"bare point":       `{"a":1.}`,
		"bare exponent":    `{"a":1e}`,
		"plus":             `{"a":+1}`,
		"not a word":       `{"a":tru}`,
	} {
		if ScanFlat([]byte(data), names("a")) {
			t.Errorf("%s: %s is taken", name, data)
		}
	}
}

func TestScanFlatTakesNestedValuesByTheirBrackets(t *testing.T) {
	for data, want := range map[string]string{
		`{"n":{"a":[1,{}]},"a":1}`:       `{"a":[1,{}]}`,
		`{"n": [ "]" , "\"}" , "\\" ] }`: `[ "]" , "\"}" , "\\" ]`,
		`{"n":[}}`:                       `[}`, // for its reader to judge
		`{"n":null}`:                     `null`,
		`{"n":[1}`:                       "not taken",
		`{"n":["]}`:                      "not taken",
		`{"n":["\`:                       "not taken",
		`{"n":[],"n":[]}`:                "not taken",
		`{"n":[],"other":[]}`:            "not taken",
	} {
		fields := []Field{{Name: "n", Nested: true}}
		got := "not taken"
		if ScanFlat([]byte(data), fields) {
			got = string(fields[0].Raw)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", data, got, want)
		}
	}
}

// audioFrame is a frame as vendors send it: 200 ms of audio.
func audioFrame() []byte {
	return []byte(`{"audio":"` + strings.Repeat("AbCd", 3200) +
		`","enc":"pcm_s16le","context_id":"gen-0001","idx":3,"sr":24000,"samples":4800,"chunk_id":1}`)
}

func TestScanFlatAllocatesNothing(t *testing.T) {
	data, fields := audioFrame(), names("audio", "context_id", "enc", "sr", "chunk_id")
	allocs := testing.AllocsPerRun(100, func() {
		if !ScanFlat(data, fields) {
			t.Fatal("not taken")
		}
		fields[3].Int()
	})
	if allocs != 0 {
		t.Errorf("got %v allocations a frame, want 0", allocs)
	}
}

func BenchmarkScanFlat(b *testing.B) {
	data, fields := audioFrame(), names("audio", "context_id", "enc", "sr", "chunk_id")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		ScanFlat(data, fields)
	}
}

// FuzzScanFlat holds the scanner against encoding/json: what it takes is JSON with the same values, but for
// control characters within strings.
func FuzzScanFlat(f *testing.F) {
	f.Add(audioFrame())
	f.Add([]byte(`{"audio":"x","audio":"y"}`))
	f.Add([]byte(`{"a":-0.5E+7,"b":null , "audio":false}`))
	f.Add([]byte("{\"a\":\"\x01\"}"))
	f.Add([]byte(`{"n":{"a":["]",{}],"b":"\""},"a":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fields := append(names("audio", "a", "b", ""), Field{Name: "n", Nested: true})
		if !ScanFlat(data, fields) {
			return
		}
		if n := fields[len(fields)-1].Raw; n != nil && !json.Valid(withoutControls(n)) {
			return // taken by its brackets
		}
		plain := withoutControls(data)
		var want map[string]json.RawMessage
		if err := json.Unmarshal(plain, &want); err != nil {
			t.Fatalf("took %q, which is no JSON object: %v", data, err)
		}
		for _, field := range fields {
			if got := withoutControls(field.Raw); !bytes.Equal(got, want[field.Name]) {
				t.Errorf("%q in %q: got %q, want %q", field.Name, data, got, want[field.Name])
			}
		}
	})
}

// withoutControls has spaces in place of control characters within strings. Escapes stand in nested values only.
func withoutControls(data []byte) []byte {
	out := bytes.Clone(data)
	quoted, escaped := false, false
	for i, c := range out {
		switch {
		case quoted && c < 0x20:
			out[i] = ' '
			escaped = false
		case escaped:
			escaped = false
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			escaped = true
		}
	}
	return out
}
