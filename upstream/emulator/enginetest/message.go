package enginetest

import (
	"context"

	"github.com/coder/websocket"
)

// Codec makes messages of the JSON of tests, and back, where a vendor speaks anything else. What is binary is base64 in it. Its
// messages are binary frames.
type Codec struct {
	Encode, Decode func(message []byte) ([]byte, error)
}

// write sends a message of JSON as the vendor has it. What is no JSON goes out as it is.
func (k *Codec) write(ctx context.Context, conn *websocket.Conn, message string) error {
	if k == nil {
		return conn.Write(ctx, websocket.MessageText, []byte(message))
	}
	body, err := k.Encode([]byte(message))
	if err != nil {
		body = []byte(message)
	}
	return conn.Write(ctx, websocket.MessageBinary, body)
}

// read makes JSON of what came in binary frames.
func (k *Codec) read(r Arrival) Arrival {
	if k == nil || !r.Binary || r.Err != nil {
		return r
	}
	r.Data, r.Err = k.Decode(r.Data)
	r.Binary = false
	return r
}

// Arrival is a message, or the connection's end.
type Arrival struct {
	Binary bool
	Data   []byte
	Err    error
}
