package fish

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// codec makes messages of the JSON of tests, and back. What is binary is base64 there.
func codec() *enginetest.Codec {
	return &enginetest.Codec{
		Encode: func(text []byte) ([]byte, error) {
			var message any
			numbers := json.NewDecoder(bytes.NewReader(text))
			numbers.UseNumber()
			if err := numbers.Decode(&message); err != nil {
				return nil, err
			}
			return msgpack.Marshal(whole(message))
		},
		Decode: func(body []byte) ([]byte, error) {
			var message map[string]any
			if err := msgpack.Unmarshal(body, &message); err != nil {
				return nil, err
			}
			return json.Marshal(message)
		},
	}
}

// whole makes integers of numbers that are whole, as Python's clients send them.
func whole(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64() // JSON's are numbers
		return f
	case map[string]any:
		for name := range v {
			v[name] = whole(v[name])
		}
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	}
	return value
}

func TestFishTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Codec: codec(), Options: engine.Options{APIKey: "fish_test", Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: 2 * time.Second},
		Quirks: []string{
			"keyAtUpgrade:true", "limit:none", "refusal:error", "closeCode:1000", "splits:false", "firstChunk:0", "trimmed:false",
			"alignment:last", "corrects:false", "emptyFrames:false",
		},
		Fixed: []string{"event", "reason", "error", "max_concurrency", "content", "chunk_seq"},
		Audio: func(f map[string]any) bool { return f["event"] == "audio" && f["audio"] != "" && f["alignment"] == nil },
	}
	enginetest.PlayTranscripts(t, d)
	d.Files = "quirks/*"
	enginetest.PlayTranscripts(t, d)
}

func TestFishQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) },
		map[string]int{"limit": 3, "idleSeconds": 3, "alignment": 4, "chunk": 10})
}
