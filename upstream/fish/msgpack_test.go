package fish

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// TestScannerReadsAllFormats has the scanner take values as the library writes them, of every format, and find their ends.
func TestScannerReadsAllFormats(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	list := func(n int) []any { return make([]any, n) }
	tests := map[string]any{
		"nil": nil, "true": true, "small": 5, "negative": -5, "int8": int8(-100), "int16": int16(-30000), "int32": int32(-1 << 30),
		"int64": int64(math.MinInt64), "uint8": uint8(200), "uint16": uint16(60000), "uint32": uint32(1 << 31), "uint64": uint64(1 << 63),
		"float32": float32(1.5), "float64": 2.5, "fixstr": "abc", "str8": long(200), "str16": long(1 << 10), "str32": long(1 << 17),
		"bin8": []byte(long(9)), "bin16": []byte(long(1 << 9)), "bin32": []byte(long(1 << 17)), "fixarray": list(3), "array16": list(20),
		"array32": list(1 << 17), "map": map[string]any{"a": list(2), "b": map[string]any{"c": "d"}}, "empty": map[string]any{},
	}
	for name, value := range tests {
		data, err := msgpack.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		s := scanner{data: append(bytes.Clone(data), 0xc0)}
		h, content, all, ok := s.value()
		if !ok || !bytes.Equal(all, data) {
			t.Errorf("%s: took %d bytes of %d, %t", name, len(all), len(data), ok)
		}
		switch v := reflect.ValueOf(value); {
		case h.kind == kindText && string(content) != value, h.kind == kindBytes && !bytes.Equal(content, value.([]byte)):
			t.Errorf("%s: got another content", name)
		case h.kind == kindNumber && v.CanInt() && h.number != float64(v.Int()), h.kind == kindNumber && v.CanUint() && h.number != float64(v.Uint()),
			h.kind == kindNumber && v.CanFloat() && h.number != v.Float():
			t.Errorf("%s: got %v", name, h.number)
		}
		for cut := range min(len(data), 40) { // no part of it is a value
			s := scanner{data: data[:cut]}
			if _, _, _, ok := s.value(); ok {
				t.Errorf("%s: %d bytes of %d are taken for a value", name, cut, len(data))
			}
		}
	}
	for _, ext := range []string{"\xd4\x01\x00", "\xd8\x01" + long(16), "\xc7\x03\x01abc", "\xc8\x00\x01\x01a", "\xc9\x00\x00\x00\x00\x01"} {
		s := scanner{data: []byte(ext)}
		if _, _, all, ok := s.value(); !ok || len(all) != len(ext) {
			t.Errorf("%x: took %d bytes, %t", ext, len(all), ok)
		}
	}
	s := scanner{data: []byte{0xc1}}
	if _, _, _, ok := s.value(); ok {
		t.Error("0xc1 is taken for a value")
	}
}

func FuzzScanner(f *testing.F) {
	f.Add(encode(audioOf(1, "Hi.", []byte{1, 2}, nil)))
	f.Add([]byte{0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1})
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := scanner{data: data}
		_, _, all, ok := s.value()
		if s.pos > len(data) || ok && len(all) != s.pos {
			t.Errorf("%x: at %d of %d with %d", data, s.pos, len(data), len(all))
		}
		_, _ = parse(data)
	})
}
