package tests

import (
	"fmt"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// A malformed message, and the answer that it must get.
type malformed struct {
	name, message      string
	code               string // empty: invalid_request
	param, command, id string // empty: not in the answer
}

// unknowable are no JSON objects of a known type: twenty of them within a minute close the connection.
var unknowable = []malformed{
	{name: "nothing", message: ``},
	{name: "a word", message: `ping`},
	{name: "null", message: `null`},
	{name: "number", message: `42`},
	{name: "string", message: `"ping"`},
	{name: "array", message: `[{"type":"ping"}]`},
	{name: "cut off", message: `{"type":"ping"`},
	{name: "trailing comma", message: `{"type":"ping",}`},
	{name: "single quotes", message: `{'type':'ping'}`},
	{name: "comment", message: `{"type":"ping"}//`, command: "ping"},
	{name: "byte order mark", message: "\ufeff" + `{"type":"ping"}`},
	{name: "raw line break in a string", message: "{\"type\":\"ping\",\"id\":\"\n\"}"},
	{name: "raw NUL in a string", message: "{\"type\":\"ping\",\"id\":\"\x00\"}"},
	{name: "no number", message: `{"type":"generate","generation_id":"g","text":"a","speed":NaN}`},
	{name: "empty object", message: `{}`, param: "type"},
	{name: "no type", message: `{"generation_id":"g","text":"a"}`, param: "type", id: "g"},
	{name: "type is null", message: `{"type":null}`, param: "type"},
	{name: "type is a number", message: `{"type":1,"generation_id":"g"}`, param: "type", id: "g"},
	{name: "type in capitals", message: `{"type":"Ping"}`, param: "type"},
	{name: "unknown type", message: `{"type":"speak","generation_id":"g"}`, param: "type", id: "g"},
	{name: "type of an answer", message: `{"type":"done","generation_id":"g"}`, param: "type", id: "g"},
	{name: "type twice", message: `{"type":"ping","type":"ping"}`, param: "type"},
}

// generating puts fields into a generate that is good but for them.
func generating(fields string) string {
	return `{"type":"generate","generation_id":"g","text":"quick dog.",` + fields + `}`
}

var broken = []malformed{
	// The object itself.
	{name: "second object", message: `{"type":"ping"}{"type":"ping"}`, command: "ping"},
	{name: "a brace more", message: `{"type":"finish","generation_id":"g"}}`, command: "finish", id: "g"},

	// Names.
	{name: "unknown field", message: generating(`"model":"x"`), param: "model", command: "generate", id: "g"},
	{name: "field in capitals", message: generating(`"Voice":"narrator"`), param: "Voice", command: "generate", id: "g"},
	{name: "type in another case beside it", message: `{"type":"ping","Type":"ping"}`, param: "Type", command: "ping"},
	{name: "camel case", message: `{"type":"append","generationId":"g","text":"a"}`, param: "generationId", command: "append"},
	{name: "field of another command", message: `{"type":"flush","generation_id":"g","text":"a"}`, param: "text", command: "flush", id: "g"},
	{name: "id in configure", message: `{"type":"configure","generation_id":"g"}`, param: "generation_id", command: "configure", id: "g"},
	{name: "text in configure", message: `{"type":"configure","text":"a"}`, param: "text", command: "configure"},
	{name: "unknown field in output", message: generating(`"output":{"rate":8000}`), param: "output.rate", command: "generate", id: "g"},
	{name: "repeated key", message: generating(`"text":"b"`), param: "text", command: "generate", id: "g"},
	{name: "repeated key, escaped", message: generating(`"t\u0065xt":"b"`), param: "text", command: "generate", id: "g"},
	{name: "repeated key within output", message: generating(`"output":{"encoding":"wav","encoding":"wav"}`), param: "output.encoding", command: "generate", id: "g"},
	{name: "repeated key in metadata", message: generating(`"metadata":{"a":"1","a":"2"}`), param: "metadata.a", command: "generate", id: "g"},
	{name: "repeated id", message: `{"type":"flush","generation_id":"g","generation_id":"h"}`, param: "generation_id", command: "flush"},

	// Strings.
	{name: "NUL", message: `{"type":"append","generation_id":"g","text":"a\u0000b"}`, param: "text", command: "append", id: "g"},
	{name: "lone high surrogate", message: `{"type":"append","generation_id":"g","text":"a\ud800b"}`, param: "text", command: "append", id: "g"},
	{name: "lone low surrogate", message: `{"type":"append","generation_id":"g","text":"\udc00"}`, param: "text", command: "append", id: "g"},
	{name: "surrogates the wrong way round", message: `{"type":"append","generation_id":"g","text":"\udc00\ud800"}`, param: "text", command: "append", id: "g"},
	{name: "NUL in a ping", message: `{"type":"ping","id":"\u0000"}`, param: "id", command: "ping"},

	// Ids.
	{name: "no id", message: `{"type":"generate","text":"a"}`, param: "generation_id", command: "generate"},
	{name: "empty id", message: `{"type":"generate","generation_id":"","text":"a"}`, param: "generation_id", command: "generate"},
	{name: "id with a space", message: `{"type":"generate","generation_id":"a b","text":"a"}`, param: "generation_id", command: "generate"},
	{name: "id with a slash", message: `{"type":"generate","generation_id":"a/b","text":"a"}`, param: "generation_id", command: "generate"},
	{name: "id beyond ASCII", message: `{"type":"generate","generation_id":"gé","text":"a"}`, param: "generation_id", command: "generate"},
	{name: "id of 129 characters", message: `{"type":"flush","generation_id":"` + strings.Repeat("g", 129) + `"}`, param: "generation_id", command: "flush"},
	{name: "id is a number", message: `{"type":"finish","generation_id":7}`, param: "generation_id", command: "finish"},
	{name: "id is null", message: `{"type":"finish","generation_id":null}`, param: "generation_id", command: "finish"},
	{name: "append without id", message: `{"type":"append","text":"a"}`, param: "generation_id", command: "append"},
	{name: "bad context", message: generating(`"context_id":"a b"`), param: "context_id", command: "generate", id: "g"},
	{name: "empty context", message: generating(`"context_id":""`), param: "context_id", command: "generate", id: "g"},
	{name: "empty idempotency key", message: generating(`"idempotency_key":""`), param: "idempotency_key", command: "generate", id: "g"},
	{name: "long idempotency key", message: generating(`"idempotency_key":"` + strings.Repeat("k", 129) + `"`), param: "idempotency_key", command: "generate", id: "g"},

	// Fields of generate.
	{name: "no text", message: `{"type":"generate","generation_id":"g"}`, param: "text", command: "generate", id: "g"},
	{name: "text is null", message: `{"type":"generate","generation_id":"g","text":null}`, param: "text", command: "generate", id: "g"},
	{name: "text is a list", message: `{"type":"generate","generation_id":"g","text":["a"]}`, param: "text", command: "generate", id: "g"},
	{name: "final is a string", message: generating(`"final":"true"`), param: "final", command: "generate", id: "g"},
	{name: "final is null", message: generating(`"final":null`), param: "final", command: "generate", id: "g"},
	{name: "voice is a number", message: generating(`"voice":1071`), param: "voice", command: "generate", id: "g"},
	{name: "voice is null", message: generating(`"voice":null`), param: "voice", command: "generate", id: "g"},
	{name: "unknown voice", message: generating(`"voice":"nobody"`), code: "unknown_voice", param: "voice", command: "generate", id: "g"},
	{name: "unknown route", message: generating(`"route":"nowhere"`), code: "unknown_route", param: "route", command: "generate", id: "g"},
	{name: "language is no tag", message: generating(`"language":"plain english"`), param: "language", command: "generate", id: "g"},
	{name: "empty language", message: generating(`"language":""`), param: "language", command: "generate", id: "g"},
	{name: "speed is a string", message: generating(`"speed":"1"`), param: "speed", command: "generate", id: "g"},
	{name: "speed too low", message: generating(`"speed":0.49`), param: "speed", command: "generate", id: "g"},
	{name: "speed too high", message: generating(`"speed":2.01`), param: "speed", command: "generate", id: "g"},
	{name: "speed beyond any number", message: generating(`"speed":1e999`), param: "speed", command: "generate", id: "g"},
	{name: "speed is a boolean", message: generating(`"speed":true`), param: "speed", command: "generate", id: "g"},
	{name: "word_timestamps is a number", message: generating(`"word_timestamps":1`), param: "word_timestamps", command: "generate", id: "g"},
	{name: "normalize is a string", message: generating(`"normalize":"no"`), param: "normalize", command: "generate", id: "g"},

	// Formats.
	{name: "output is a string", message: generating(`"output":"wav"`), param: "output", command: "generate", id: "g"},
	{name: "output is null", message: generating(`"output":null`), param: "output", command: "generate", id: "g"},
	{name: "encoding is a number", message: generating(`"output":{"encoding":16}`), param: "output.encoding", command: "generate", id: "g"},
	{name: "rate is a string", message: generating(`"output":{"sample_rate":"8000"}`), param: "output.sample_rate", command: "generate", id: "g"},
	{name: "rate is a fraction", message: generating(`"output":{"sample_rate":8000.5}`), param: "output.sample_rate", command: "generate", id: "g"},
	{name: "unknown encoding", message: generating(`"output":{"encoding":"vorbis"}`), code: "unsupported_format", param: "output.encoding", command: "generate", id: "g"},
	{name: "encoding of a later version", message: generating(`"output":{"encoding":"aac"}`), code: "unsupported_format", param: "output.encoding", command: "generate", id: "g"},
	{name: "encoding in capitals", message: generating(`"output":{"encoding":"WAV"}`), code: "unsupported_format", param: "output.encoding", command: "generate", id: "g"},
	{name: "unknown rate", message: generating(`"output":{"sample_rate":11025}`), code: "unsupported_format", param: "output.sample_rate", command: "generate", id: "g"},
	{name: "mulaw at 16 kHz", message: generating(`"output":{"encoding":"mulaw","sample_rate":16000}`), code: "unsupported_format", param: "output.sample_rate", command: "generate", id: "g"},
	{name: "rate below nothing", message: generating(`"output":{"sample_rate":-8000}`), code: "unsupported_format", param: "output.sample_rate", command: "generate", id: "g"},

	// Objects of the client's own.
	{name: "metadata is a list", message: generating(`"metadata":["a"]`), param: "metadata", command: "generate", id: "g"},
	{name: "metadata of numbers", message: generating(`"metadata":{"call":17}`), param: "metadata.call", command: "generate", id: "g"},
	{name: "metadata of 17 keys", message: generating(`"metadata":{` + keys(17) + `}`), param: "metadata", command: "generate", id: "g"},
	{name: "metadata of 257 bytes", message: generating(`"metadata":{"a":"` + strings.Repeat("é", 128) + `x"}`), param: "metadata.a", command: "generate", id: "g"},
	{name: "options are a list", message: generating(`"provider_options":[]`), param: "provider_options", command: "generate", id: "g"},
	{name: "options of a provider are a number", message: generating(`"provider_options":{"kugelaudio":2}`), param: "provider_options.kugelaudio", command: "generate", id: "g"},
	{name: "options of a stranger", message: generating(`"provider_options":{"stranger":{}}`), param: "provider_options.stranger", command: "generate", id: "g"},
	{name: "option of a wrong type", message: generating(`"provider_options":{"kugelaudio":{"cfg_scale":"2"}}`), param: "provider_options.kugelaudio.cfg_scale", command: "generate", id: "g"},
	{name: "unknown option", message: generating(`"provider_options":{"kugelaudio":{"pitch":2}}`), param: "provider_options.kugelaudio.pitch", command: "generate", id: "g"},

	// Append, cancel, ping.
	{name: "append without text", message: `{"type":"append","generation_id":"g"}`, param: "text", command: "append", id: "g"},
	{name: "cancel of nothing", message: `{"type":"cancel"}`, param: "generation_id", command: "cancel"},
	{name: "cancel of two", message: `{"type":"cancel","generation_id":"g","context_id":"c"}`, param: "context_id", command: "cancel", id: "g"},
	{name: "cancel of one and all", message: `{"type":"cancel","generation_id":"g","all":true}`, param: "all", command: "cancel", id: "g"},
	{name: "cancel of not all", message: `{"type":"cancel","all":false}`, param: "all", command: "cancel"},
	{name: "all is a string", message: `{"type":"cancel","all":"true"}`, param: "all", command: "cancel"},
	{name: "played_ms below nothing", message: `{"type":"cancel","generation_id":"g","played_ms":-1}`, param: "played_ms", command: "cancel", id: "g"},
	{name: "played_ms is a fraction", message: `{"type":"cancel","generation_id":"g","played_ms":1.5}`, param: "played_ms", command: "cancel", id: "g"},
	{name: "played_ms of all", message: `{"type":"cancel","all":true,"played_ms":5}`, param: "played_ms", command: "cancel"},
	{name: "played of one", message: `{"type":"cancel","generation_id":"g","played":{"g":5}}`, param: "played", command: "cancel", id: "g"},
	{name: "played is a number", message: `{"type":"cancel","all":true,"played":5}`, param: "played", command: "cancel"},
	{name: "played of a string", message: `{"type":"cancel","all":true,"played":{"g":"5"}}`, param: "played.g", command: "cancel"},
	{name: "ping with a number", message: `{"type":"ping","id":42}`, param: "id", command: "ping"},
	{name: "ping with null", message: `{"type":"ping","id":null}`, param: "id", command: "ping"},

	// What was never named.
	{name: "append to a stranger", message: `{"type":"append","generation_id":"never","text":"a"}`, code: "unknown_generation", param: "generation_id", command: "append", id: "never"},
	{name: "cancel of a strange context", message: `{"type":"cancel","context_id":"never"}`, code: "unknown_generation", param: "context_id", command: "cancel"},
}

func keys(n int) string {
	pairs := make([]string, n)
	for i := range pairs {
		pairs[i] = fmt.Sprintf(`"k%d":"v"`, i)
	}
	return strings.Join(pairs, ",")
}

// Each gets exactly its answer and changes nothing: a generation that is open meanwhile is spoken whole, and the
// connection serves on.
func TestMalformedMessages(t *testing.T) {
	t.Parallel()
	r := serve(t, speaksByOne(emulate(t, emulator.Options{})))
	groups := map[string][]malformed{"broken": broken}
	for i := 0; i < len(unknowable); i += 15 {
		groups[fmt.Sprint("unknowable ", i/15)] = unknowable[i:min(i+15, len(unknowable))]
	}
	for name, messages := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := r.dial(t)
			c.send(j{"type": "generate", "generation_id": "neighbor", "text": "quick brown", "final": false})
			c.accepted("neighbor")
			for _, m := range messages {
				c.refuses(m)
			}
			c.send(j{"type": "append", "generation_id": "neighbor", "text": " lazy fox.", "final": true})
			c.completed("neighbor")
			c.speaks("neighbor", "quick brown lazy fox.")
			// The id of the refused generates is still free.
			c.send(j{"type": "generate", "generation_id": "g", "text": "yellow house."})
			c.completed("g")
		})
	}
}

// refuses sends a message and compares the whole answer.
func (c *client) refuses(m malformed) {
	c.t.Helper()
	mark := c.mark()
	c.forge(m.message)
	got := c.awaitFrom(mark, "the answer to "+m.name, func(m message) bool { return m.kind == "error" })
	c.barrier() // a second answer would break the contract
	code := m.code
	if code == "" {
		code = "invalid_request"
	}
	if got.Code != code || got.Param != m.param || got.Command != m.command || got.ID != m.id {
		c.t.Errorf("%s: %s\n got  code %q param %q command %q generation_id %q (%s)\n want code %q param %q command %q generation_id %q",
			m.name, shorten(m.message, 200), got.Code, got.Param, got.Command, got.ID, got.Text, code, m.param, m.command, m.id)
	}
}
