package protocol

import (
	"fmt"
	"strings"
	"testing"
)

// refusal is what a client must be told of a message that is not as the protocol has it.
type refusal struct {
	name       string
	message    string
	code       Code // empty: invalid_request
	param      string
	command    string
	generation string
	mention    string // must stand in the message for the person who reads it
}

// refusals is grouped by what is wrong; most rows differ from a good message in one thing.
var refusals = map[string][]refusal{
	"not a JSON object": {
		{name: "nothing", message: ``, mention: "JSON object"},
		{name: "white space", message: " \n\t", mention: "JSON object"},
		{name: "array", message: `[{"type":"ping"}]`, mention: "JSON object"},
		{name: "string", message: `"ping"`, mention: "JSON object"},
		{name: "number", message: `42`, mention: "JSON object"},
		{name: "null", message: `null`, mention: "JSON object"},
		{name: "plain text", message: `ping`, mention: "JSON object"},
		{name: "byte order mark", message: "\ufeff" + `{"type":"ping"}`, mention: "JSON object"},
		{name: "cut off", message: `{"type":"ping"`, mention: "well-formed"},
		{name: "single quotes", message: `{'type':'ping'}`, mention: "well-formed"},
		{name: "trailing comma", message: `{"type":"ping",}`, mention: "well-formed"},
		{name: "comment", message: `{"type":"ping"/*?*/}`, mention: "well-formed"},
		{name: "bare key", message: `{type:"ping"}`, mention: "well-formed"},
		{name: "raw NUL", message: "{\"type\":\"ping\",\"id\":\"\x00\"}", mention: "well-formed"},
		{name: "raw line end in string", message: "{\"type\":\"ping\",\"id\":\"\n\"}", mention: "well-formed"},
		{name: "bad escape", message: `{"type":"ping","id":"\x41"}`, mention: "well-formed"},
		{name: "NaN", message: `{"type":"generate","generation_id":"g1","text":"a","speed":NaN}`, mention: "well-formed"},
		{name: "infinity", message: `{"type":"generate","generation_id":"g1","text":"a","speed":Infinity}`, mention: "well-formed"},
		{name: "leading zero", message: `{"type":"cancel","generation_id":"g1","played_ms":007}`, mention: "well-formed"},
		{name: "hexadecimal", message: `{"type":"cancel","generation_id":"g1","played_ms":0x10}`, mention: "well-formed"},
		{name: "invalid UTF-8", message: "{\"type\":\"ping\",\"id\":\"\xff\"}", mention: "UTF-8"},
		{name: "surrogate in UTF-8", message: "{\"type\":\"ping\",\"id\":\"\xed\xa0\x80\"}", mention: "UTF-8"},
		{name: "overlong UTF-8", message: "{\"type\":\"ping\",\"id\":\"\xc0\xaf\"}", mention: "UTF-8"},
		{name: "deeper than any parser goes", message: `{"type":"ping","id":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, mention: "well-formed"},
	},
	"something after the object": {
		{name: "second object", message: `{"type":"ping"}{"type":"ping"}`, command: "ping", mention: "nothing after"},
		{name: "second line", message: `{"type":"flush","generation_id":"g1"}` + "\n" + `{"type":"ping"}`, command: "flush", generation: "g1", mention: "nothing after"},
		{name: "brace", message: `{"type":"finish","generation_id":"g1"}}`, command: "finish", generation: "g1", mention: "nothing after"},
		{name: "comma", message: `{"type":"ping"},`, command: "ping", mention: "nothing after"},
		{name: "NUL", message: `{"type":"ping"}` + "\x00", command: "ping", mention: "nothing after"},
	},
	"type": {
		{name: "missing", message: `{}`, param: "type", mention: "missing"},
		{name: "missing with an id", message: `{"generation_id":"g1","text":"a"}`, param: "type", generation: "g1", mention: "missing"},
		{name: "unknown", message: `{"type":"speak","generation_id":"g1"}`, param: "type", generation: "g1", mention: "generate, append"},
		{name: "of an event", message: `{"type":"done","generation_id":"g1"}`, param: "type", generation: "g1"},
		{name: "capitals", message: `{"type":"Ping"}`, param: "type"},
		{name: "key in capitals", message: `{"Type":"ping"}`, param: "type", mention: "missing"},
		{name: "empty", message: `{"type":""}`, param: "type"},
		{name: "number", message: `{"type":1}`, param: "type", mention: "string"},
		{name: "null", message: `{"type":null}`, param: "type", mention: "string"},
		{name: "twice", message: `{"type":"ping","type":"ping"}`, param: "type", mention: "twice"},
		{name: "twice with an id", message: `{"type":"flush","generation_id":"g1","type":"finish"}`, param: "type", generation: "g1", mention: "twice"},
	},
	"unknown fields": {
		{name: "generate", message: `{"type":"generate","generation_id":"g1","text":"a","model":"x"}`, param: "model", command: "generate", generation: "g1", mention: "not a field"},
		{name: "before the type", message: `{"x":1,"type":"generate","generation_id":"g1","text":"a"}`, param: "x", command: "generate", generation: "g1"},
		{name: "capitals", message: `{"type":"generate","generation_id":"g1","text":"a","Voice":"x"}`, param: "Voice", command: "generate", generation: "g1"},
		{name: "camel case names the misspelling", message: `{"type":"generate","generationId":"g1","text":"a"}`, param: "generationId", command: "generate"},
		{name: "empty name", message: `{"type":"ping","":1}`, param: "", command: "ping", mention: "not a field"},
		{name: "append", message: `{"type":"append","generation_id":"g1","text":"a","voice":"x"}`, param: "voice", command: "append", generation: "g1"},
		{name: "flush", message: `{"type":"flush","generation_id":"g1","text":"a"}`, param: "text", command: "flush", generation: "g1"},
		{name: "finish", message: `{"type":"finish","generation_id":"g1","final":true}`, param: "final", command: "finish", generation: "g1"},
		{name: "cancel", message: `{"type":"cancel","generation_id":"g1","reason":"x"}`, param: "reason", command: "cancel", generation: "g1"},
		{name: "configure", message: `{"type":"configure","text":"a"}`, param: "text", command: "configure"},
		{name: "id in configure", message: `{"type":"configure","generation_id":"g1"}`, param: "generation_id", command: "configure", generation: "g1"},
		{name: "ping", message: `{"type":"ping","ID":"1"}`, param: "ID", command: "ping"},
		{name: "in output", message: `{"type":"generate","generation_id":"g1","text":"a","output":{"rate":8000}}`, param: "output.rate", command: "generate", generation: "g1"},
		{
			name: "long name", message: `{"type":"ping","x` + strings.Repeat("é", 5000) + `":1}`,
			param: "x" + strings.Repeat("é", 31) + "…", command: "ping",
		},
	},
	"repeated keys": {
		{name: "text", message: `{"type":"generate","generation_id":"g1","text":"a","text":"a"}`, param: "text", command: "generate", generation: "g1", mention: "twice"},
		{name: "id is ambiguous", message: `{"type":"flush","generation_id":"g1","generation_id":"g2"}`, param: "generation_id", command: "flush", mention: "twice"},
		{name: "escaped", message: `{"type":"append","generation_id":"g1","text":"a","te\u0078t":"b"}`, param: "text", command: "append", generation: "g1", mention: "twice"},
		{name: "in output", message: `{"type":"configure","output":{"encoding":"wav","encoding":"wav"}}`, param: "output.encoding", command: "configure", mention: "twice"},
		{name: "in metadata", message: `{"type":"generate","generation_id":"g1","text":"a","metadata":{"k":"1","k":"1"}}`, param: "metadata.k", command: "generate", generation: "g1"},
		{name: "in played", message: `{"type":"cancel","all":true,"played":{"g1":1,"g1":2}}`, param: "played.g1", command: "cancel"},
		{name: "in options", message: `{"type":"configure","provider_options":{"tone":{"a":{"b":[1,{"c":1,"c":2}]}}}}`, param: "provider_options.tone.a.b.c", command: "configure"},
		{name: "unknown field", message: `{"type":"ping","x":1,"x":2}`, param: "x", command: "ping", mention: "twice"},
		{name: "last of many", message: `{"type":"ping",` + numbered(40) + `,"k7":1}`, param: "k7", command: "ping", mention: "twice"},
	},
	"NUL and surrogates": {
		{name: "NUL in text", message: `{"type":"generate","generation_id":"g1","text":"a\u0000"}`, param: "text", command: "generate", generation: "g1", mention: "NUL"},
		{name: "NUL in append", message: `{"type":"append","generation_id":"g1","text":"\\\u0000"}`, param: "text", command: "append", generation: "g1", mention: "NUL"},
		{name: "NUL in ping", message: `{"type":"ping","id":"\u0000"}`, param: "id", command: "ping", mention: "NUL"},
		{name: "NUL in id", message: `{"type":"flush","generation_id":"g\u0000"}`, param: "generation_id", command: "flush", mention: "NUL"},
		{name: "NUL in metadata", message: `{"type":"configure","metadata":{"k":"\u0000"}}`, param: "metadata.k", command: "configure", mention: "NUL"},
		{name: "NUL in a key of metadata", message: `{"type":"configure","metadata":{"\u0000":"v"}}`, param: "metadata", command: "configure", mention: "NUL"},
		{name: "NUL in options", message: `{"type":"configure","provider_options":{"tone":{"a":["\u0000"]}}}`, param: "provider_options.tone.a", command: "configure", mention: "NUL"},
		{name: "high surrogate", message: `{"type":"append","generation_id":"g1","text":"\ud83d"}`, param: "text", command: "append", generation: "g1", mention: "surrogate"},
		{name: "low surrogate", message: `{"type":"append","generation_id":"g1","text":"\uDE00"}`, param: "text", command: "append", generation: "g1", mention: "surrogate"},
		{name: "wrong order", message: `{"type":"append","generation_id":"g1","text":"\ude00\ud83d"}`, param: "text", command: "append", generation: "g1", mention: "surrogate"},
		{name: "two high ones", message: `{"type":"append","generation_id":"g1","text":"\ud83d\ud83d\ude00"}`, param: "text", command: "append", generation: "g1", mention: "surrogate"},
		{name: "high ones only", message: `{"type":"append","generation_id":"g1","text":"\ud83d\ud83d"}`, param: "text", command: "append", generation: "g1", mention: "surrogate"},
		{name: "high before a letter", message: `{"type":"append","generation_id":"g1","text":"\ud83d\u0041"}`, param: "text", command: "append", generation: "g1", mention: "surrogate"},
		{name: "surrogate in a key", message: `{"type":"ping","\ud83d":1}`, command: "ping", mention: "surrogate"},
	},
	"depth": {
		{name: "arrays", message: `{"type":"configure","provider_options":{"tone":{"a":` + nested(30, "1") + `}}}`, param: "provider_options.tone.a", command: "configure", mention: "32"},
		{name: "the type behind", message: `{"x":` + nested(9000, "\"]\\\"\"") + `,"type":"flush","generation_id":"g1"}`, param: "x", command: "flush", generation: "g1", mention: "32"},
	},
	"ids": {
		{name: "missing", message: `{"type":"generate","text":"a"}`, param: "generation_id", command: "generate", mention: "missing"},
		{name: "empty", message: `{"type":"generate","generation_id":"","text":"a"}`, param: "generation_id", command: "generate", mention: "128"},
		{name: "too long", message: `{"type":"append","generation_id":"` + strings.Repeat("g", 129) + `","text":"a"}`, param: "generation_id", command: "append", mention: "128"},
		{name: "space", message: `{"type":"flush","generation_id":"g 1"}`, param: "generation_id", command: "flush"},
		{name: "slash", message: `{"type":"finish","generation_id":"g/1"}`, param: "generation_id", command: "finish"},
		{name: "beside the letters", message: `{"type":"finish","generation_id":"g@"}`, param: "generation_id", command: "finish"},
		{name: "brackets beside the letters", message: `{"type":"finish","generation_id":"{"}`, param: "generation_id", command: "finish"},
		{name: "other script", message: `{"type":"cancel","generation_id":"gé"}`, param: "generation_id", command: "cancel"},
		{name: "number", message: `{"type":"cancel","generation_id":7}`, param: "generation_id", command: "cancel"},
		{name: "null", message: `{"type":"flush","generation_id":null}`, param: "generation_id", command: "flush"},
		{name: "context empty", message: `{"type":"generate","generation_id":"g1","text":"a","context_id":""}`, param: "context_id", command: "generate", generation: "g1"},
		{name: "context null", message: `{"type":"generate","generation_id":"g1","text":"a","context_id":null}`, param: "context_id", command: "generate", generation: "g1"},
		{name: "idempotency key empty", message: `{"type":"generate","generation_id":"g1","text":"a","idempotency_key":""}`, param: "idempotency_key", command: "generate", generation: "g1", mention: "128"},
		{name: "idempotency key too long", message: `{"type":"generate","generation_id":"g1","text":"a","idempotency_key":"` + strings.Repeat("ü", 129) + `"}`, param: "idempotency_key", command: "generate", generation: "g1", mention: "128"},
		{name: "idempotency key number", message: `{"type":"generate","generation_id":"g1","text":"a","idempotency_key":1}`, param: "idempotency_key", command: "generate", generation: "g1"},
		{name: "traceparent empty", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":""}`, param: "traceparent", command: "generate", generation: "g1", mention: "W3C"},
		{name: "traceparent nonsense", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":"caller-7"}`, param: "traceparent", command: "generate", generation: "g1", mention: "W3C"},
		{name: "traceparent upper case", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}`, param: "traceparent", command: "generate", generation: "g1", mention: "W3C"},
		{name: "traceparent no trace", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":"00-00000000000000000000000000000000-00f067aa0ba902b7-01"}`, param: "traceparent", command: "generate", generation: "g1", mention: "W3C"},
		{name: "traceparent no span", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"}`, param: "traceparent", command: "generate", generation: "g1", mention: "W3C"},
		{name: "traceparent version ff", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}`, param: "traceparent", command: "generate", generation: "g1", mention: "W3C"},
		{name: "traceparent too long", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"}`, param: "traceparent", command: "generate", generation: "g1", mention: "W3C"},
		{name: "traceparent dashes", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7--1"}`, param: "traceparent", command: "generate", generation: "g1", mention: "W3C"},
		{name: "traceparent number", message: `{"type":"generate","generation_id":"g1","text":"a","traceparent":7}`, param: "traceparent", command: "generate", generation: "g1"},
		{name: "tracestate empty", message: `{"type":"generate","generation_id":"g1","text":"a","tracestate":""}`, param: "tracestate", command: "generate", generation: "g1", mention: "512"},
		{name: "tracestate beyond ASCII", message: `{"type":"generate","generation_id":"g1","text":"a","tracestate":"a=é"}`, param: "tracestate", command: "generate", generation: "g1", mention: "ASCII"},
		{name: "tracestate too long", message: `{"type":"generate","generation_id":"g1","text":"a","tracestate":"` + strings.Repeat("x", 513) + `"}`, param: "tracestate", command: "generate", generation: "g1", mention: "512"},
		{name: "ping number", message: `{"type":"ping","id":42}`, param: "id", command: "ping", mention: "string"},
		{name: "ping null", message: `{"type":"ping","id":null}`, param: "id", command: "ping"},
		{name: "ping too long", message: `{"type":"ping","id":"` + strings.Repeat("x", 129) + `"}`, param: "id", command: "ping", mention: "128"},
	},
	"text and settings": {
		{name: "text missing", message: `{"type":"generate","generation_id":"g1"}`, param: "text", command: "generate", generation: "g1", mention: "missing"},
		{name: "text missing in append", message: `{"type":"append","generation_id":"g1","final":true}`, param: "text", command: "append", generation: "g1"},
		{name: "text null", message: `{"type":"generate","generation_id":"g1","text":null}`, param: "text", command: "generate", generation: "g1"},
		{name: "text array", message: `{"type":"generate","generation_id":"g1","text":["a"]}`, param: "text", command: "generate", generation: "g1"},
		{name: "final string", message: `{"type":"generate","generation_id":"g1","text":"a","final":"true"}`, param: "final", command: "generate", generation: "g1", mention: "true or false"},
		{name: "final number", message: `{"type":"append","generation_id":"g1","text":"a","final":1}`, param: "final", command: "append", generation: "g1"},
		{name: "final null", message: `{"type":"generate","generation_id":"g1","text":"a","final":null}`, param: "final", command: "generate", generation: "g1"},
		{name: "voice null in generate", message: `{"type":"generate","generation_id":"g1","text":"a","voice":null}`, param: "voice", command: "generate", generation: "g1"},
		{name: "voice number", message: `{"type":"generate","generation_id":"g1","text":"a","voice":1071}`, param: "voice", command: "generate", generation: "g1", mention: "256"},
		{name: "voice empty", message: `{"type":"configure","voice":""}`, param: "voice", command: "configure"},
		{name: "route too long", message: `{"type":"configure","route":"` + strings.Repeat("r", 257) + `"}`, param: "route", command: "configure", mention: "256"},
		{name: "route object", message: `{"type":"generate","generation_id":"g1","text":"a","route":{}}`, param: "route", command: "generate", generation: "g1"},
		{name: "language empty", message: `{"type":"generate","generation_id":"g1","text":"a","language":""}`, param: "language", command: "generate", generation: "g1", mention: "BCP 47"},
		{name: "language underscore", message: `{"type":"configure","language":"en_US"}`, param: "language", command: "configure"},
		{name: "language hyphen at the end", message: `{"type":"configure","language":"en-"}`, param: "language", command: "configure"},
		{name: "language digits first", message: `{"type":"configure","language":"12"}`, param: "language", command: "configure"},
		{name: "language long part", message: `{"type":"configure","language":"abcdefghi"}`, param: "language", command: "configure"},
		{name: "language too long", message: `{"type":"configure","language":"en` + strings.Repeat("-abcdefg", 5) + `"}`, param: "language", command: "configure", mention: "35"},
		{name: "speed low", message: `{"type":"generate","generation_id":"g1","text":"a","speed":0.49}`, param: "speed", command: "generate", generation: "g1", mention: "0.5 to 2.0"},
		{name: "speed high", message: `{"type":"configure","speed":2.0000001}`, param: "speed", command: "configure"},
		{name: "speed minus nought", message: `{"type":"configure","speed":-0}`, param: "speed", command: "configure"},
		{name: "speed beyond floats", message: `{"type":"configure","speed":1e400}`, param: "speed", command: "configure"},
		{name: "speed string", message: `{"type":"configure","speed":"1.0"}`, param: "speed", command: "configure"},
		{name: "word_timestamps string", message: `{"type":"configure","word_timestamps":"yes"}`, param: "word_timestamps", command: "configure"},
		{name: "normalize null in generate", message: `{"type":"generate","generation_id":"g1","text":"a","normalize":null}`, param: "normalize", command: "generate", generation: "g1"},
		{name: "options array", message: `{"type":"configure","provider_options":[]}`, param: "provider_options", command: "configure"},
		{name: "options of a provider", message: `{"type":"generate","generation_id":"g1","text":"a","provider_options":{"kugelaudio":2}}`, param: "provider_options.kugelaudio", command: "generate", generation: "g1", mention: "object"},
		{name: "options null within", message: `{"type":"configure","provider_options":{"kugelaudio":null}}`, param: "provider_options.kugelaudio", command: "configure"},
		{name: "metadata string", message: `{"type":"configure","metadata":"x"}`, param: "metadata", command: "configure"},
		{name: "metadata of numbers", message: `{"type":"generate","generation_id":"g1","text":"a","metadata":{"foo":1}}`, param: "metadata.foo", command: "generate", generation: "g1", mention: "256"},
		{name: "metadata null within", message: `{"type":"configure","metadata":{"foo":null}}`, param: "metadata.foo", command: "configure"},
		{name: "metadata value too long", message: `{"type":"configure","metadata":{"foo":"` + strings.Repeat("é", 129) + `"}}`, param: "metadata.foo", command: "configure", mention: "256"},
		{name: "metadata key too long", message: `{"type":"configure","metadata":{"` + strings.Repeat("k", 257) + `":"v"}}`, param: "metadata." + strings.Repeat("k", 64) + "…", command: "configure", mention: "256"},
		{name: "metadata too many", message: `{"type":"configure","metadata":{` + strings.ReplaceAll(numbered(17), ":1", `:"1"`) + `}}`, param: "metadata", command: "configure", mention: "16"},
		{name: "metadata with a line feed", message: `{"type":"configure","metadata":{"foo":"a\nb"}}`, param: "metadata.foo", command: "configure", mention: "control"},
		{name: "metadata with a C1 control", message: `{"type":"configure","metadata":{"foo":"` + "\u009b" + `31m"}}`, param: "metadata.foo", command: "configure", mention: "control"},
		{name: "metadata with a control in a key", message: `{"type":"configure","metadata":{"fo\u001bo":"a"}}`, param: "metadata.fo\x1bo", command: "configure", mention: "control"},
		{name: "metadata too large", message: `{"type":"configure","metadata":{` + strings.ReplaceAll(numbered(16), ":1", `:"`+strings.Repeat("x", 256)+`"`) + `}}`, param: "metadata", command: "configure", mention: "4096"},
		{name: "metadata too large by its quotes", message: `{"type":"configure","metadata":{` + strings.ReplaceAll(numbered(9), ":1", `:"`+strings.Repeat(`\"`, 256)+`"`) + `}}`, param: "metadata", command: "configure", mention: "4096"},
		{name: "options too large", message: `{"type":"generate","generation_id":"g1","text":"a","provider_options":{"tone":{"a":"` + strings.Repeat("x", 16<<10) + `"}}}`, param: "provider_options", command: "generate", generation: "g1", mention: "16384"},
	},
	"output": {
		{name: "string", message: `{"type":"configure","output":"wav"}`, param: "output", command: "configure", mention: "sample_rate"},
		{name: "null in generate", message: `{"type":"generate","generation_id":"g1","text":"a","output":null}`, param: "output", command: "generate", generation: "g1"},
		{name: "encoding number", message: `{"type":"configure","output":{"encoding":1}}`, param: "output.encoding", command: "configure", mention: "string"},
		{name: "encoding null", message: `{"type":"configure","output":{"encoding":null}}`, param: "output.encoding", command: "configure"},
		{name: "rate fraction", message: `{"type":"configure","output":{"sample_rate":8000.5}}`, param: "output.sample_rate", command: "configure", mention: "integer"},
		{name: "rate exponent", message: `{"type":"configure","output":{"sample_rate":8e3}}`, param: "output.sample_rate", command: "configure", mention: "integer"},
		{name: "rate string", message: `{"type":"configure","output":{"sample_rate":"8000"}}`, param: "output.sample_rate", command: "configure", mention: "integer"},
		{name: "unknown encoding", message: `{"type":"generate","generation_id":"g1","text":"a","output":{"encoding":"aac"}}`, code: CodeUnsupportedFormat, param: "output.encoding", command: "generate", generation: "g1", mention: "pcm_s16le"},
		{name: "encoding in capitals", message: `{"type":"configure","output":{"encoding":"WAV"}}`, code: CodeUnsupportedFormat, param: "output.encoding", command: "configure"},
		{name: "unknown rate", message: `{"type":"generate","generation_id":"g1","text":"a","output":{"sample_rate":11025}}`, code: CodeUnsupportedFormat, param: "output.sample_rate", command: "generate", generation: "g1", mention: "22050"},
		{name: "rate nought", message: `{"type":"configure","output":{"sample_rate":0}}`, code: CodeUnsupportedFormat, param: "output.sample_rate", command: "configure"},
		{name: "rate below nought", message: `{"type":"configure","output":{"sample_rate":-8000}}`, code: CodeUnsupportedFormat, param: "output.sample_rate", command: "configure"},
		{name: "rate beyond integers", message: `{"type":"configure","output":{"sample_rate":99999999999999999999}}`, code: CodeUnsupportedFormat, param: "output.sample_rate", command: "configure"},
		{name: "mulaw at another rate", message: `{"type":"configure","output":{"encoding":"mulaw","sample_rate":16000}}`, code: CodeUnsupportedFormat, param: "output.sample_rate", command: "configure", mention: "8000"},
	},
	"cancel": {
		{name: "of nothing", message: `{"type":"cancel"}`, param: "generation_id", command: "cancel", mention: "exactly one"},
		{name: "of two", message: `{"type":"cancel","generation_id":"g1","context_id":"c"}`, param: "context_id", command: "cancel", generation: "g1", mention: "exactly one"},
		{name: "of an id and all", message: `{"type":"cancel","generation_id":"g1","all":true}`, param: "all", command: "cancel", generation: "g1"},
		{name: "of a context and all", message: `{"type":"cancel","context_id":"c","all":true}`, param: "all", command: "cancel"},
		{name: "of all three", message: `{"type":"cancel","generation_id":"g1","context_id":"c","all":true}`, param: "context_id", command: "cancel", generation: "g1"},
		{name: "not of all", message: `{"type":"cancel","all":false}`, param: "all", command: "cancel", mention: "true"},
		{name: "all as a string", message: `{"type":"cancel","all":"true"}`, param: "all", command: "cancel"},
		{name: "all null", message: `{"type":"cancel","all":null}`, param: "all", command: "cancel"},
		{name: "played_ms with a context", message: `{"type":"cancel","context_id":"c","played_ms":1}`, param: "played_ms", command: "cancel", mention: "generation_id"},
		{name: "played_ms with all", message: `{"type":"cancel","all":true,"played_ms":1}`, param: "played_ms", command: "cancel"},
		{name: "played with an id", message: `{"type":"cancel","generation_id":"g1","played":{"g1":1}}`, param: "played", command: "cancel", generation: "g1", mention: "context_id"},
		{name: "played_ms alone", message: `{"type":"cancel","played_ms":1}`, param: "generation_id", command: "cancel"},
		{name: "played_ms below nought", message: `{"type":"cancel","generation_id":"g1","played_ms":-1}`, param: "played_ms", command: "cancel", generation: "g1", mention: "86400000"},
		{name: "played_ms over a day", message: `{"type":"cancel","generation_id":"g1","played_ms":86400001}`, param: "played_ms", command: "cancel", generation: "g1"},
		{name: "played_ms fraction", message: `{"type":"cancel","generation_id":"g1","played_ms":1240.5}`, param: "played_ms", command: "cancel", generation: "g1", mention: "integer"},
		{name: "played_ms beyond numbers", message: `{"type":"cancel","generation_id":"g1","played_ms":1e400}`, param: "played_ms", command: "cancel", generation: "g1"},
		{name: "played_ms beyond integers", message: `{"type":"cancel","generation_id":"g1","played_ms":99999999999999999999}`, param: "played_ms", command: "cancel", generation: "g1"},
		{name: "played_ms string", message: `{"type":"cancel","generation_id":"g1","played_ms":"1240"}`, param: "played_ms", command: "cancel", generation: "g1"},
		{name: "played_ms null", message: `{"type":"cancel","generation_id":"g1","played_ms":null}`, param: "played_ms", command: "cancel", generation: "g1"},
		{name: "played number", message: `{"type":"cancel","all":true,"played":5}`, param: "played", command: "cancel", mention: "object"},
		{name: "played null", message: `{"type":"cancel","all":true,"played":null}`, param: "played", command: "cancel"},
		{name: "played value", message: `{"type":"cancel","context_id":"c","played":{"g1":-1}}`, param: "played.g1", command: "cancel"},
		{name: "played value null", message: `{"type":"cancel","context_id":"c","played":{"g1":null}}`, param: "played.g1", command: "cancel"},
		{name: "played key", message: `{"type":"cancel","all":true,"played":{"g 1":1}}`, param: "played.g 1", command: "cancel", mention: "generation id"},
	},
	"several faults": {
		{name: "form before the type", message: `{"type":"speak","generation_id":"g1","text":"\u0000"}`, param: "text", generation: "g1", mention: "NUL"},
		{name: "unknown before missing", message: `{"type":"append","generation_id":"g1","txt":"a"}`, param: "txt", command: "append", generation: "g1"},
		{name: "id and text", message: `{"type":"append","generation_id":"g 1","text":1}`, param: "generation_id", command: "append"},
		{name: "first value in the protocol's order", message: `{"type":"generate","speed":9,"generation_id":"g1","text":1}`, param: "text", command: "generate", generation: "g1"},
	},
}

// nested is inner within that many arrays.
func nested(levels int, inner string) string {
	return strings.Repeat("[", levels) + inner + strings.Repeat("]", levels)
}

// numbered is n fields k0 and on, each 1.
func numbered(n int) string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = fmt.Sprintf("%q:1", fmt.Sprintf("k%d", i))
	}
	return strings.Join(fields, ",")
}

func TestDecodeRefuses(t *testing.T) {
	for group, rows := range refusals {
		for _, want := range rows {
			t.Run(group+"/"+want.name, func(t *testing.T) { checkRefusal(t, group, want) })
		}
	}
}

func checkRefusal(t *testing.T, group string, want refusal) {
	t.Helper()
	if want.code == "" {
		want.code = CodeInvalidRequest
	}
	cmd, err := Decode([]byte(want.message))
	if err == nil {
		t.Fatalf("accepted as %#v", cmd)
	}
	if cmd != nil {
		t.Errorf("a command beside the error: %#v", cmd)
	}
	got := refusal{code: err.Code, param: err.Param, command: err.Command, generation: err.GenerationID}
	if want := (refusal{code: want.code, param: want.param, command: want.command, generation: want.generation}); got != want {
		t.Errorf("got code %q param %q command %q generation %q, want %q %q %q %q", got.code, got.param, got.command, got.generation,
			want.code, want.param, want.command, want.generation)
	}
	if err.Message == "" || !strings.Contains(err.Message, want.mention) {
		t.Errorf("message %q does not mention %q", err.Message, want.mention)
	}
	// What is no single object counts as unknown, even where its beginning names a command.
	if known := want.command != "" && group != "something after the object"; err.Known() != known {
		t.Errorf("Known() = %v, want %v", err.Known(), known)
	}
}
