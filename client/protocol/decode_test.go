package protocol

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// given is a setting that stood in the message.
func given[T any](v T) Setting[T] { return Setting[T]{Set: true, Value: v} }

// reset is a setting that stood there as null.
func reset[T any]() Setting[T] { return Setting[T]{Set: true, Null: true} }

func TestDecodeAccepts(t *testing.T) {
	long := strings.Repeat("x", MaxIDLength)
	tests := []struct {
		name    string
		message string
		want    Command
	}{
		// The protocol's own examples.
		{"append", `{"type":"append","generation_id":"g1","text":" and more"}`, &Append{GenerationID: "g1", Text: " and more"}},
		{"flush", `{"type":"flush","generation_id":"g1"}`, &Flush{GenerationID: "g1"}},
		{"finish", `{"type":"finish","generation_id":"g1"}`, &Finish{GenerationID: "g1"}},
		{"cancel", `{"type":"cancel","generation_id":"g1","played_ms":1240}`, &Cancel{GenerationID: "g1", PlayedMS: given[int64](1240)}},
		{
			"cancel context", `{"type":"cancel","context_id":"turn-7","played":{"g1":1240,"g2":0}}`,
			&Cancel{ContextID: "turn-7", Played: map[string]int64{"g1": 1240, "g2": 0}},
		},
		{"cancel all", `{"type":"cancel","all":true}`, &Cancel{All: true}},
		{
			"configure", `{"type":"configure","voice":"narrator","output":{"encoding":"mulaw","sample_rate":8000}}`,
			&Configure{Settings{Voice: given("narrator"), Output: given(Output{"mulaw", 8000})}},
		},
		{"ping", `{"type":"ping","id":"42"}`, &Ping{ID: given("42")}},

		{"ping without id", `{"type":"ping"}`, &Ping{}},
		{"ping with empty id", `{"type":"ping","id":""}`, &Ping{ID: given("")}},
		{"white space", " \r\n\t{ \"type\" :\t\"ping\" ,\n\"id\" : \"1\" }\n ", &Ping{ID: given("1")}},
		{"type last, escaped", `{"generation_id":"g1","ty\u0070e":"fl\u0075sh"}`, &Flush{GenerationID: "g1"}},
		{"longest id", `{"type":"finish","generation_id":"` + long + `"}`, &Finish{GenerationID: long}},
		{"all characters of an id", `{"type":"finish","generation_id":"azAZ09._:-"}`, &Finish{GenerationID: "azAZ09._:-"}},
		{"append final", `{"type":"append","generation_id":"g1","text":"","final":true}`, &Append{GenerationID: "g1", Final: true}},
		{"generate", `{"type":"generate","generation_id":"g1","text":"Hi"}`, &Generate{GenerationID: "g1", Text: "Hi", Final: true}},
		{"final false", `{"type":"generate","generation_id":"g1","text":"","final":false}`, &Generate{GenerationID: "g1"}},
		{
			"escapes", `{"type":"append","generation_id":"g1","text":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\\ud800 \\u0000😀"}`,
			&Append{GenerationID: "g1", Text: "\"\\/\b\f\n\r\té😀\\ud800 \\u0000😀"},
		},
		{
			"non-characters and directions", `{"type":"append","generation_id":"g1","text":"` + "\uffff\ufffd\u202e\u2028" + `"}`,
			&Append{GenerationID: "g1", Text: "\uffff\ufffd\u202e\u2028"},
		},
		{"played nothing", `{"type":"cancel","all":true,"played":{}}`, &Cancel{All: true, Played: map[string]int64{}}},
		{"played minus nought", `{"type":"cancel","generation_id":"g1","played_ms":-0}`, &Cancel{GenerationID: "g1", PlayedMS: given[int64](0)}},
		{"played a day", `{"type":"cancel","generation_id":"g1","played_ms":86400000}`, &Cancel{GenerationID: "g1", PlayedMS: given[int64](86400000)}},
		{"configure nothing", `{"type":"configure"}`, &Configure{}},
		{"deepest", `{"type":"configure","provider_options":{"tone":{"a":` + nested(29, "1") + `}}}`, &Configure{Settings{
			ProviderOptions: given(map[string]json.RawMessage{"tone": json.RawMessage(`{"a":` + nested(29, "1") + `}`)}),
		}}},
		{"same key in two objects", `{"type":"configure","provider_options":{"a":{"type":1},"b":{"type":1}},"metadata":{"type":"x"}}`, &Configure{Settings{
			ProviderOptions: given(map[string]json.RawMessage{"a": json.RawMessage(`{"type":1}`), "b": json.RawMessage(`{"type":1}`)}),
			Metadata:        given(map[string]string{"type": "x"}),
		}}},
		{"configure back", `{"type":"configure","voice":null,"route":null,"language":null,"speed":null,"output":null,` +
			`"word_timestamps":null,"normalize":null,"provider_options":null,"metadata":null}`, &Configure{Settings{
			Voice: reset[string](), Route: reset[string](), Language: reset[string](), Speed: reset[float64](), Output: reset[Output](),
			WordTimestamps: reset[bool](), Normalize: reset[bool](),
			ProviderOptions: reset[map[string]json.RawMessage](), Metadata: reset[map[string]string](),
		}}},
		{"everything", `{"type":"generate","generation_id":"g1","idempotency_key":"order 7/ü","text":"Hello","final":true,"context_id":"c:1",` +
			`"voice":"tone/440","route":"kugelaudio/kugel-3","language":"zh-Hant-TW","speed":5e-1,"output":{"encoding":"wav","sample_rate":44100},` +
			`"word_timestamps":true,"normalize":false,"provider_options":{"kugelaudio":{"cfg_scale":2.0}},"metadata":{"":"","k":"v"},` +
			`"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","tracestate":"a=1,b=2"}`, &Generate{
			GenerationID: "g1", IdempotencyKey: "order 7/ü", Text: "Hello", ContextID: "c:1", Final: true,
			Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Tracestate: "a=1,b=2",
			Settings: Settings{
				Voice: given("tone/440"), Route: given("kugelaudio/kugel-3"), Language: given("zh-Hant-TW"), Speed: given(0.5),
				Output: given(Output{"wav", 44100}), WordTimestamps: given(true), Normalize: given(false),
				ProviderOptions: given(map[string]json.RawMessage{"kugelaudio": json.RawMessage(`{"cfg_scale":2.0}`)}),
				Metadata:        given(map[string]string{"": "", "k": "v"}),
			},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode([]byte(tt.message))
			if err != nil {
				t.Fatalf("refused: %v (param %q)", err, err.Param)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

func TestDecodeFillsInOutput(t *testing.T) {
	tests := []struct {
		output string
		want   Output
	}{
		{`{}`, Output{"pcm_s16le", 24000}},
		{`{"sample_rate":8000}`, Output{"pcm_s16le", 8000}},
		{`{"encoding":"pcm_f32le"}`, Output{"pcm_f32le", 24000}},
		{`{"encoding":"wav"}`, Output{"wav", 24000}},
		{`{"encoding":"mulaw"}`, Output{"mulaw", 8000}},
		{`{"encoding":"alaw"}`, Output{"alaw", 8000}},
	}
	for _, tt := range tests {
		cmd, err := Decode([]byte(`{"type":"configure","output":` + tt.output + `}`))
		if err != nil {
			t.Errorf("%s: %v", tt.output, err)
			continue
		}
		if got := cmd.(*Configure).Output.Value; got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.output, got, tt.want)
		}
	}
}

// TestDecodeTakesEveryFormat walks over the protocol's table of formats, and over rates beside it.
func TestDecodeTakesEveryFormat(t *testing.T) {
	linear := []int{8000, 16000, 22050, 24000, 32000, 44100, 48000}
	table := map[string][]int{
		"pcm_s16le": linear, "pcm_f32le": linear, "wav": linear, "mulaw": {8000}, "alaw": {8000},
		"flac": linear, "mp3": linear, "opus": {8000, 16000, 24000, 48000}, "aac": nil,
	}
	for encoding, good := range table {
		want := map[int]bool{}
		for _, rate := range good {
			want[rate] = true
		}
		for _, rate := range append([]int{1, 7999, 11025, 12000, 96000}, linear...) {
			body, _ := json.Marshal(map[string]any{"type": "configure", "output": Output{encoding, rate}})
			if _, err := Decode(body); (err == nil) != want[rate] || err != nil && err.Code != CodeUnsupportedFormat {
				t.Errorf("%s at %d Hz: got %v, want it taken: %v", encoding, rate, err, want[rate])
			}
		}
	}
}

func TestDecodeKeepsNothingOfItsInput(t *testing.T) {
	message := []byte(`{"type":"generate","generation_id":"g1","text":"Hello","provider_options":{"tone":{"a":1}},"metadata":{"k":"v"}}`)
	before := bytes.Clone(message)
	got, err := Decode(message)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(message, before) {
		t.Fatalf("Decode wrote over its input: %s", message)
	}
	want, _ := Decode(before)
	for i := range message {
		message[i] = 'x'
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the command changed with the buffer: got %#v, want %#v", got, want)
	}
}

func TestCommandNameAndGenerationID(t *testing.T) {
	tests := []struct {
		cmd      Command
		name, id string
	}{
		{&Generate{GenerationID: "g1"}, "generate", "g1"},
		{&Append{GenerationID: "g1"}, "append", "g1"},
		{&Flush{GenerationID: "g1"}, "flush", "g1"},
		{&Finish{GenerationID: "g1"}, "finish", "g1"},
		{&Cancel{GenerationID: "g1"}, "cancel", "g1"},
		{&Cancel{All: true}, "cancel", ""},
		{&Configure{}, "configure", ""},
		{&Ping{}, "ping", ""},
	}
	for _, tt := range tests {
		if name, id := CommandName(tt.cmd), GenerationID(tt.cmd); name != tt.name || id != tt.id {
			t.Errorf("%T: got %q %q, want %q %q", tt.cmd, name, id, tt.name, tt.id)
		}
	}
}

func TestSettingsOver(t *testing.T) {
	base := Settings{Voice: given("narrator"), Speed: given(1.5), Metadata: given(map[string]string{"a": "1", "b": "2"})}
	tests := []struct {
		name string
		over Settings
		want Settings
	}{
		{"nothing said", Settings{}, base},
		{"one said", Settings{Speed: given(0.5)}, Settings{Voice: base.Voice, Speed: given(0.5), Metadata: base.Metadata}},
		{"one taken back", Settings{Voice: reset[string]()}, Settings{Speed: base.Speed, Metadata: base.Metadata}},
		{
			"objects replace each other whole",
			Settings{Metadata: given(map[string]string{"c": "3"})},
			Settings{Voice: base.Voice, Speed: base.Speed, Metadata: given(map[string]string{"c": "3"})},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.over.Over(base); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestSettingsOverTakesEveryField fails where a new setting is forgotten in Over.
func TestSettingsOverTakesEveryField(t *testing.T) {
	var all Settings
	v := reflect.ValueOf(&all).Elem()
	for i := range v.NumField() {
		v.Field(i).FieldByName("Set").SetBool(true)
	}
	if got := all.Over(Settings{}); !reflect.DeepEqual(got, all) {
		t.Errorf("over nothing: got %+v, want %+v", got, all)
	}
	if got := (Settings{}).Over(all); !reflect.DeepEqual(got, all) {
		t.Errorf("nothing over it: got %+v, want %+v", got, all)
	}
}

func BenchmarkDecode(b *testing.B) {
	messages := map[string]string{
		"append":   `{"type":"append","generation_id":"generation-1","text":" and some more words"}`,
		"cancel":   `{"type":"cancel","generation_id":"generation-1","played_ms":1240}`,
		"generate": `{"type":"generate","generation_id":"g1","text":"` + strings.Repeat("Hello there, ", 80) + `","voice":"narrator","output":{"encoding":"mulaw"},"metadata":{"call":"7"}}`,
		"largest":  `{"type":"append","generation_id":"g1","text":"` + strings.Repeat(`\u00e9`, 43000) + `"}`,
		"hostile":  `{"type":"ping",` + numbered(20000) + `}`,
	}
	for name, message := range messages {
		b.Run(name, func(b *testing.B) {
			data := []byte(message)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Decode(data)
			}
		})
	}
}
