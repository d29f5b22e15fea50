package protocol_test

import (
	"strings"
	"testing"

	"github.com/voicerelay/voicerelay/client/protocol"
)

func TestSpeechIsAGenerateWithDefaultsOfItsOwn(t *testing.T) {
	t.Parallel()
	wav := protocol.Output{Encoding: "wav", SampleRate: 24000}
	tests := map[string]struct {
		body, id string
		output   protocol.Output
	}{
		"text alone":       {`{"text":"hi"}`, "", wav},
		"with an id":       {`{"text":"hi","generation_id":"g1","final":true}`, "g1", wav},
		"a rate alone":     {`{"text":"hi","output":{"sample_rate":8000}}`, "", protocol.Output{Encoding: "wav", SampleRate: 8000}},
		"another encoding": {`{"text":"hi","output":{"encoding":"alaw"}}`, "", protocol.Output{Encoding: "alaw", SampleRate: 8000}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g, err := protocol.DecodeSpeech([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if g.Text != "hi" || !g.Final || g.GenerationID != tt.id || g.Output.Value != tt.output {
				t.Errorf("got %+v, want text hi, id %q and %v", g, tt.id, tt.output)
			}
		})
	}
}

func TestSpeechRefusesByTheFieldAtFault(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, param, code string }{
		"no text":          {`{}`, "text", "invalid_request"},
		"a type":           {`{"type":"generate","text":"hi"}`, "type", "invalid_request"},
		"an open text":     {`{"text":"hi","final":false}`, "final", "invalid_request"},
		"an unknown field": {`{"text":"hi","txt":1}`, "txt", "invalid_request"},
		"a repeated field": {`{"text":"hi","text":"ho"}`, "text", "invalid_request"},
		"a null":           {`{"text":"hi","voice":null}`, "voice", "invalid_request"},
		"no such encoding": {`{"text":"hi","output":{"encoding":"aac"}}`, "output.encoding", "unsupported_format"},
		"no object":        {`"hi"`, "", "invalid_request"},
		"two objects":      {`{"text":"hi"}{}`, "", "invalid_request"},
		"nothing":          {``, "", "invalid_request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			g, err := protocol.DecodeSpeech([]byte(tt.body))
			if err == nil {
				t.Fatalf("got %+v, want a refusal", g)
			}
			if err.Param != tt.param || string(err.Code) != tt.code || err.GenerationID != "" {
				t.Errorf("got %s of %q for %q, want %s of %q", err.Code, err.Param, err.GenerationID, tt.code, tt.param)
			}
		})
	}
}

func TestSpeechEchoesTheIDOfWhatItRefuses(t *testing.T) {
	t.Parallel()
	_, err := protocol.DecodeSpeech([]byte(`{"generation_id":"g7","txt":"hi"}`))
	if err == nil || err.GenerationID != "g7" || err.Command != "" {
		t.Errorf("got %+v, want a refusal that echoes g7 and no command", err)
	}
}

func TestValidKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"": false, "k": true, "\xff": false, strings.Repeat("é", 128): true, strings.Repeat("é", 129): false,
	} {
		if got := protocol.ValidKey(key); got != want {
			t.Errorf("ValidKey(%q) = %v, want %v", key, got, want)
		}
	}
}

func FuzzDecodeSpeech(f *testing.F) {
	f.Add([]byte(`{"text":"hi","output":{"encoding":"wav"}}`))
	f.Add([]byte(`{"text":"\ud83d\ude00","final":false}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := protocol.DecodeSpeech(data)
		if (g == nil) == (err == nil) {
			t.Fatalf("got %v and %v, want exactly one", g, err)
		}
		if g != nil && (!g.Final || !g.Output.Set) {
			t.Fatalf("got %+v, want a whole text and an output", g)
		}
	})
}
