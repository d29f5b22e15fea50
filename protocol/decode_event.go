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

// DecodeEvent reads a relay's message, for clients. Fields that this version doesn't have are passed over. Audio is no
// event: a client that can't do with base64 asks for binary frames, which ParseAudioBinary reads.
func DecodeEvent(data []byte) (Event, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("decode message: %w", err)
	}
	decode, known := events[head.Type]
	if !known {
		return nil, ErrUnknownEvent
	}
	e, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", head.Type, err)
	}
	return e, nil
}

// events are the decoders by type. It is never written to.
var events = map[string]func([]byte) (Event, error){
	"ready":      decodeAs[Ready],
	"configured": decodeAs[Configured],
	"accepted":   decodeAs[Accepted],
	"started":    decodeAs[Started],
	"timestamps": decodeAs[Timestamps],
	"rerouted":   decodeAs[Rerouted],
	"done":       decodeAs[Done],
	"spoken":     decodeAs[SpokenEvent],
	"draining":   decodeAs[Draining],
	"pong":       decodePong,
	"error":      decodeError,
}

func decodeAs[E Event](data []byte) (Event, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
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
