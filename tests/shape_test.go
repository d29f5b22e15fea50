package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A shape says whether a JSON value is what the protocol allows in its place.
type shape func(raw json.RawMessage) error

// object lists the fields that an object must have; those made by optional may be absent, no others may stand there.
type object map[string]shape

// Each message from the relay, field by field.
var shapes = map[string]object{
	"ready": {
		"session_id": text, "protocol": constant("1"), "formats": list(text),
		"limits": object{
			"generations_per_minute": count, "cancels_per_minute": count, "max_concurrent_generations": count,
			"max_text_characters": count, "max_message_bytes": count, "idle_timeout_ms": count,
			"buffer_ms": count, "duplicate_window_ms": count,
		}.check,
	},
	"configured": {"defaults": object{
		"voice": optional(nullable(text)), "route": text, "language": optional(nullable(text)), "speed": number,
		"output": output, "word_timestamps": boolean, "normalize": boolean,
		"provider_options": optional(nullable(anything)), "metadata": optional(nullable(anything)),
		"conversation_id": optional(identifier),
	}.check},
	"accepted": {"generation_id": identifier, "record_id": text},
	"started": {
		"generation_id": identifier, "provider": text, "model": nullable(text), "voice": text,
		"provider_voice": text, "output": output, "ignored": list(text),
		"conversation": optional(constant("kept")),
	},
	"audio": {"generation_id": identifier, "seq": count, "start_ms": count, "samples": count, "audio": text},
	"timestamps": {
		"generation_id": identifier, "source": oneOf("provider", "estimate"),
		"words": list(object{
			"word": text, "start_ms": count, "end_ms": count, "char_start": count, "char_end": count,
			"score": optional(number),
		}.check),
	},
	"rerouted": {
		"generation_id": identifier, "from": text, "to": text, "model": nullable(text), "provider_voice": text,
		"reason":      oneOf("stalled", "dropped", "upstream_error", "throttled", "garbled", "short_audio"),
		"resume_char": count, "resume_ms": count, "resume_source": oneOf("word_times", "segment", "estimate"),
		"ignored": list(text),
	},
	"done": {
		"generation_id": identifier, "record_id": text, "reason": oneOf("completed", "cancelled", "failed"),
		"error": optional(failure.check), "ended_by": optional(oneOf("text_idle")), "spoken": spokenShape, "usage": usageShape, "timing": timingShape,
	},
	"spoken":   {"generation_id": identifier, "spoken": spokenShape},
	"error":    errorShape,
	"pong":     {"id": optional(text)},
	"draining": {"grace_ms": count},
}

// The error object as it stands in `done` and in HTTP answers.
var failure = object{
	"code": text, "status": count, "message": text, "retryable": boolean,
	"retry_after_ms": optional(count), "param": optional(text), "passed_over": optional(passedOver),
}

// passedOver are targets that were not tried.
var passedOver = list(object{
	"provider": text,
	"why":      oneOf("circuit_open", "throttled", "budget_spent", "no_voice", "language", "currency", "unpriced", "full", "not_allowed"),
}.check)

var errorShape = object{
	"command": optional(text), "generation_id": optional(identifier), "code": text, "status": count, "message": text,
	"retryable": boolean, "retry_after_ms": optional(count), "param": optional(text),
	"passed_over": optional(passedOver),
	"first":       optional(object{"generation_id": identifier, "record_id": text, "state": text}.check),
}

var (
	output      = object{"encoding": text, "sample_rate": count}.check
	spokenShape = object{"char": count, "source": oneOf("word_times", "segment", "estimate")}.check
	timingShape = object{"first_audio_ms": nullable(count), "total_ms": count, "rtf": nullable(number)}.check
	costShape   = object{
		"amount": nullable(amount), "currency": nullable(text),
		"source": oneOf("provider", "price_list", "unavailable", "mixed"), "estimated": optional(boolean),
	}.check
	usageShape = object{
		"characters": count, "audio_ms": count, "recorded": boolean, "cost": list(costShape),
		"attempts": list(object{
			"provider": text, "model": nullable(text),
			"outcome": oneOf("completed", "cancelled", "failed", "hedged", "superseded", "interrupted"),
			"code":    optional(text), "message": optional(text), "upstream_id": optional(text),
			"requests": count, "characters": count, "audio_ms": count, "cost": costShape,
		}.check),
	}.check
)

var (
	identifierPattern = regexp.MustCompile(`^"[A-Za-z0-9._:-]{1,128}"$`)
	amountPattern     = regexp.MustCompile(`^"[0-9]+\.[0-9]{6}"$`)
	countPattern      = regexp.MustCompile(`^[0-9]+$`)
)

func text(raw json.RawMessage) error     { return matches(raw, begins(raw, `"`), "a string") }
func boolean(raw json.RawMessage) error  { return matches(raw, begins(raw, "tf"), "a boolean") }
func number(raw json.RawMessage) error   { return matches(raw, begins(raw, "-0123456789"), "a number") }
func anything(raw json.RawMessage) error { return matches(raw, begins(raw, "{"), "an object") }

func identifier(raw json.RawMessage) error {
	return matches(raw, identifierPattern.Match(raw), "an id")
}

func count(raw json.RawMessage) error { return matches(raw, countPattern.Match(raw), "a whole number") }

func amount(raw json.RawMessage) error { return matches(raw, amountPattern.Match(raw), "an amount") }

// begins looks at the first byte alone: the decoder that cut raw out has seen that it is valid JSON.
func begins(raw json.RawMessage, with string) bool {
	return len(raw) > 0 && strings.IndexByte(with, raw[0]) >= 0
}

func matches(raw json.RawMessage, ok bool, what string) error {
	if !ok {
		return fmt.Errorf("want %s, got %s", what, shorten(string(raw), 80))
	}
	return nil
}

func constant(s string) shape { return oneOf(s) }

func oneOf(values ...string) shape {
	return func(raw json.RawMessage) error {
		var s string
		if json.Unmarshal(raw, &s) != nil || !slices.Contains(values, s) {
			return fmt.Errorf("want one of %q, got %s", values, raw)
		}
		return nil
	}
}

func nullable(of shape) shape {
	return func(raw json.RawMessage) error {
		if string(raw) == "null" {
			return nil
		}
		return of(raw)
	}
}

// optional marks a field that may be absent: object.check asks it with nil.
func optional(of shape) shape {
	return func(raw json.RawMessage) error {
		if raw == nil {
			return nil
		}
		return of(raw)
	}
}

// list is an array, never null.
func list(of shape) shape {
	return func(raw json.RawMessage) error {
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil || elements == nil {
			return fmt.Errorf("want an array, got %s", shorten(string(raw), 80))
		}
		for i, e := range elements {
			if err := of(e); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return nil
	}
}

func (o object) check(raw json.RawMessage) error {
	fields, err := fieldsOf(raw)
	if err != nil {
		return err
	}
	for name := range fields {
		if o[name] == nil {
			return fmt.Errorf("unknown field %q", name)
		}
	}
	for name, of := range o {
		value, there := fields[name]
		if !there && of(nil) != nil {
			return fmt.Errorf("no field %q", name)
		}
		if !there {
			continue
		}
		if err := of(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// fieldsOf takes an object apart; a repeated key, which encoding/json would let pass, is an error.
func fieldsOf(raw json.RawMessage) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("want an object, got %s", shorten(string(raw), 80))
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := t.(string) // encoding/json gives a key as a string
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if _, repeated := fields[name]; repeated {
			return nil, fmt.Errorf("field %q stands there twice", name)
		}
		fields[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("something after the object")
	}
	return fields, nil
}

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}
