package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrUnknownEvent is what DecodeEvent says of a type that this version doesn't have. A client passes over it, since a
// newer relay may send more than an older client asked for.
var ErrUnknownEvent = errors.New("message of an unknown type")

// DecodeEvent reads a relay's message, for clients. Fields that this version doesn't have are passed over; a message without
// a type, or without what a client acts on, is an error. Audio is no event: a client that can't do with base64 asks for
// binary frames, which ParseAudioBinary reads.
func DecodeEvent(data []byte) (Event, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("decode message: %w", err)
	}
	var kind string
	if err := json.Unmarshal(fields["type"], &kind); err != nil || kind == "" {
		return nil, errNoType
	}
	event, known := events[kind]
	if !known {
		return nil, ErrUnknownEvent
	}
	for _, name := range event.needs {
		if value, ok := fields[name]; !ok || string(value) == "null" {
			return nil, fmt.Errorf("decode %s: it has no %s", kind, name)
		}
	}
	e, err := event.decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", kind, err)
	}
	return e, nil
}

var errNoType = errors.New("decode message: it has no type")

// eventKind is how a type of message is decoded, and what it can't do without.
type eventKind struct {
	decode func([]byte) (Event, error)
	needs  []string
}

// events are the decoders by type. It is never written to.
var events = map[string]eventKind{
	"ready":      {decode: decodeAs[Ready]},
	"configured": {decode: decodeAs[Configured]},
	"accepted":   {decode: decodeAs[Accepted]},
	"started":    {decodeAs[Started], []string{"generation_id"}},
	"timestamps": {decodeAs[Timestamps], []string{"generation_id", "words"}},
	"rerouted":   {decodeAs[Rerouted], []string{"generation_id"}},
	"done":       {decodeAs[Done], []string{"generation_id", "reason", "spoken"}},
	"spoken":     {decodeAs[SpokenEvent], []string{"generation_id", "spoken"}},
	"draining":   {decode: decodeAs[Draining]},
	"pong":       {decode: decodePong},
	"error":      {decodeError, []string{"code"}},
}

func decodeAs[E Event](data []byte) (Event, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
}

// UnmarshalJSON reads how far a text was spoken. Without its char it says nothing, and 0 would be wrong.
func (s *Spoken) UnmarshalJSON(data []byte) error {
	var fields struct {
		Char   *int   `json:"char"`
		Source string `json:"source"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	if fields.Char == nil {
		return errors.New("spoken has no char")
	}
	*s = Spoken{Char: *fields.Char, Source: fields.Source}
	return nil
}

func decodePong(data []byte) (Event, error) {
	var fields struct {
		ID *string `json:"id"`
	}
	if err := json.Unmarshal(data, &fields); err != nil || fields.ID == nil {
		return Pong{}, err
	}
	return Pong{ID: Set(*fields.ID)}, nil
}

func decodeError(data []byte) (Event, error) {
	e := &Error{}
	err := json.Unmarshal(data, e)
	return e, err
}

// UnmarshalJSON reads an error message, or the error object within a done or the body of an HTTP answer. Status and
// whether a retry may help follow from the code, and are not read.
func (e *Error) UnmarshalJSON(data []byte) error {
	var m errorMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	*e = Error{
		Command: m.Command, GenerationID: m.GenerationID,
		Code: m.Code, Param: m.Param, Message: m.Message, First: m.First,
	}
	if m.RetryAfterMS != nil {
		e.RetryAfter = time.Duration(*m.RetryAfterMS) * time.Millisecond
	}
	return nil
}
