package protocol

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawn is a setting that may be left out.
func drawn[T any](t *rapid.T, name string, value *rapid.Generator[T]) Setting[T] {
	if !rapid.Bool().Draw(t, name+" given") {
		return Setting[T]{}
	}
	return Set(value.Draw(t, name))
}

var (
	drawID   = rapid.StringMatching(`[A-Za-z0-9._:-]{1,20}`)
	drawText = rapid.StringMatching(`[\PC<>&"\\\n]{0,30}`)
	drawNote = rapid.StringMatching(`[\PC<>&"\\]{0,30}`)
	drawName = rapid.StringMatching(`[a-z/ä<]{1,20}`)
)

func drawSettings(t *rapid.T) Settings {
	format := rapid.Map(rapid.SampledFrom(linearRates), func(rate int) Output { return Output{EncodingPCM16, rate} })
	options := rapid.Just(map[string]json.RawMessage{"tone": json.RawMessage(`{"a":[1,null]}`)})
	return Settings{
		Voice: drawn(t, "voice", drawName), Route: drawn(t, "route", drawName),
		Language: drawn(t, "language", rapid.SampledFrom([]string{"en", "de-AT"})),
		Speed:    drawn(t, "speed", rapid.Float64Range(MinSpeed, MaxSpeed)),
		Output:   drawn(t, "output", format), WordTimestamps: drawn(t, "words", rapid.Bool()),
		Normalize: drawn(t, "normalize", rapid.Bool()), ProviderOptions: drawn(t, "options", options),
		Metadata: drawn(t, "metadata", rapid.MapOfN(drawName, drawNote, 0, 3)),
	}
}

func drawCancel(t *rapid.T) Command {
	played := rapid.Int64Range(0, MaxPlayedMS)
	switch rapid.IntRange(0, 2).Draw(t, "what") {
	case 0:
		return &Cancel{GenerationID: drawID.Draw(t, "id"), PlayedMS: drawn(t, "played", played)}
	case 1:
		return &Cancel{ContextID: drawID.Draw(t, "context"), Played: rapid.MapOfN(drawID, played, 1, 3).Draw(t, "played")}
	default:
		return &Cancel{All: true}
	}
}

func drawCommand(t *rapid.T) Command {
	id := drawID.Draw(t, "generation")
	switch rapid.IntRange(0, 6).Draw(t, "command") {
	case 0:
		return &Generate{
			GenerationID: id, Text: drawText.Draw(t, "text"), Final: rapid.Bool().Draw(t, "final"),
			IdempotencyKey: drawn(t, "key", drawName).Value, ContextID: drawn(t, "context", drawID).Value,
			TextIdleTimeoutMS: drawn(t, "idle", rapid.Int64Range(MinTextIdleMS, MaxTextIdleMS)), Settings: drawSettings(t),
		}
	case 1:
		return &Append{GenerationID: id, Text: drawText.Draw(t, "text"), Final: rapid.Bool().Draw(t, "final")}
	case 2:
		return &Flush{GenerationID: id}
	case 3:
		return &Finish{GenerationID: id}
	case 4:
		return &Configure{Settings: drawSettings(t)}
	case 5:
		return &Ping{ID: drawn(t, "id", drawText)}
	default:
		return drawCancel(t)
	}
}

func TestCommandsArriveAsTheyWereSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawCommand(t)
		data, err := EncodeCommand(want)
		if err != nil {
			t.Fatal(err)
		}
		got, refused := Decode(data)
		if refused != nil {
			t.Fatalf("%s is refused: %v", data, refused)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s decodes as %+v, want %+v", data, got, want)
		}
	})
}

func TestAConfigureTakesSettingsBack(t *testing.T) {
	data, err := EncodeCommand(&Configure{Settings{Voice: Setting[string]{Set: true, Null: true}, Speed: Set(1.5)}})
	if got, want := string(data), `{"type":"configure","voice":null,"speed":1.5}`; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestProviderOptionsThatAreNotJSONAreNoCommand(t *testing.T) {
	options := map[string]json.RawMessage{"tone": json.RawMessage(`{`)}
	if data, err := EncodeCommand(&Generate{Settings: Settings{ProviderOptions: Set(options)}}); err == nil {
		t.Errorf("it is %s, want an error", data)
	}
}

// everyEvent has all fields of each event at something else than zero.
func everyEvent() []Event {
	model, amount, currency, score, first, rtf := "m", "0.001800", "EUR", 0.5, int64(143), 0.456
	cost := Cost{Amount: &amount, Currency: &currency, Source: "provider", Estimated: true}
	failure := &Error{Code: CodeUpstreamFailed, Message: "all targets were tried"}
	return []Event{
		Ready{SessionID: "s", Protocol: Version, Limits: Limits{1, 2, 3, 4, 5, 6, 7, 8}, Formats: []string{"wav"}},
		Configured{Defaults{
			Voice: &model, Route: "default", Language: &model, Speed: 1.5, Output: DefaultOutput(), WordTimestamps: true, Normalize: true,
			ProviderOptions: map[string]json.RawMessage{"tone": json.RawMessage(`{}`)}, Metadata: map[string]string{"k": "<v>"},
		}},
		Accepted{GenerationID: "g", RecordID: "r"},
		Started{GenerationID: "g", Provider: "p", Model: &model, Voice: "v", ProviderVoice: "pv", Output: DefaultOutput(), Ignored: []string{"speed"}},
		Timestamps{GenerationID: "g", Source: "provider", Words: []TimedWord{{"w", 1, 2, 3, 4, &score}}},
		Rerouted{"g", "a", "b", &model, "pv", "dropped", 7, 8, "word_times", []string{"speed"}},
		Done{"g", "r", "failed", failure, EndedByTextIdle, Spoken{57, "segment"}, Usage{
			Characters: 1, AudioMS: 2, Recorded: true, Cost: []Cost{cost},
			Attempts: []Attempt{{"p", &model, "failed", "dropped", "it dropped", "up-1", 1, 2, 3, cost}},
		}, Timing{&first, 912, &rtf}},
		SpokenEvent{"g", Spoken{57, "estimate"}},
		Pong{Set("42")},
		Pong{},
		Draining{GraceMS: 5000},
		&Error{
			Command: "generate", GenerationID: "g", Code: CodeDuplicateRequest, Param: "idempotency_key", Message: "it was used",
			RetryAfter: 812 * time.Millisecond, First: &First{"g0", "r0", "running"},
		},
	}
}

func TestEventsArriveAsTheyWereSent(t *testing.T) {
	seen := map[string]bool{}
	for _, want := range everyEvent() {
		kind, _ := want.wire()
		seen[kind] = true
		got, err := DecodeEvent(Encode(want))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s arrives as %+v, %v; want %+v", kind, got, err, want)
		}
	}
	for kind := range events {
		if !seen[kind] {
			t.Errorf("%s is not tried", kind)
		}
	}
}

func TestEventsThatCannotBeRead(t *testing.T) {
	for message, unknown := range map[string]bool{
		`{"type":"audio","seq":0}`:       true,
		`{"type":"sung"}`:                true,
		`{}`:                             false,
		`{"type":""}`:                    false,
		`{"type":null}`:                  false,
		`{"type":1}`:                     false,
		`[]`:                             false,
		`null`:                           false,
		`{"type":"pong","id":5}`:         false,
		`{"type":"error","status":"no"}`: false,
		`{"type":"error","code":null}`:   false,
		`{"type":"ready"`:                false,
		`{"type":"started"}`:             false,
		`{"type":"rerouted"}`:            false,
		`{"type":"timestamps","generation_id":"g"}`:                                                    false,
		`{"type":"spoken","generation_id":"g"}`:                                                        false,
		`{"type":"done","generation_id":"g","reason":5,"spoken":{"char":1}}`:                           false,
		`{"type":"done","generation_id":"g","reason":"completed"}`:                                     false,
		`{"type":"done","generation_id":"g","reason":"completed","spoken":null}`:                       false,
		`{"type":"done","generation_id":"g","reason":"completed","spoken":{}}`:                         false,
		`{"type":"done","generation_id":"g","spoken":{"char":1}}`:                                      false,
		`{"type":"done","reason":"completed","spoken":{"char":1}}`:                                     false,
		`{"type":"done","generation_id":"g","reason":"failed","error":{"code":1},"spoken":{"char":1}}`: false,
	} {
		if e, err := DecodeEvent([]byte(message)); err == nil || errors.Is(err, ErrUnknownEvent) != unknown {
			t.Errorf("%s: got %+v, %v; unknown: %v", message, e, err, unknown)
		}
	}
}

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range everyEvent() {
		f.Add(Encode(e))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeEvent(data)
		if (e == nil) != (err != nil) {
			t.Fatalf("%+v and %v", e, err)
		}
		if e == nil {
			return
		}
		again, err := DecodeEvent(Encode(e))
		if err != nil || string(Encode(again)) != string(Encode(e)) {
			t.Errorf("%s comes back as %s, %v", Encode(e), Encode(again), err)
		}
	})
}
