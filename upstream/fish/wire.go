package fish

import (
	"github.com/vmihailenco/msgpack/v5"
)

// The events that matter here.
const (
	eventStart = "start"
	eventText  = "text"
	eventFlush = "flush"
	eventStop  = "stop"

	eventAudio  = "audio"
	eventFinish = "finish"
	eventError  = "error"

	reasonStop = "stop" // of a finish
)

// start is a socket's first message.
type start struct {
	Event   string  `msgpack:"event"`
	Request request `msgpack:"request"`
}

// request says how all that follows is spoken.
type request struct {
	Text        string   `msgpack:"text"` // empty: it follows
	ReferenceID string   `msgpack:"reference_id"`
	Format      string   `msgpack:"format"`      // pcm
	SampleRate  int      `msgpack:"sample_rate"` // hertz
	Latency     string   `msgpack:"latency"`
	ChunkLength int      `msgpack:"chunk_length"`
	Normalize   bool     `msgpack:"normalize"` // numbers, in English and Chinese
	Prosody     *prosody `msgpack:"prosody,omitempty"`
	Temperature *float64 `msgpack:"temperature,omitempty"`
	TopP        *float64 `msgpack:"top_p,omitempty"`
}

type prosody struct {
	Speed  float64  `msgpack:"speed"`            // 0.5 to 2
	Volume *float64 `msgpack:"volume,omitempty"` // decibels
}

// textMessage appends to what is spoken.
type textMessage struct {
	Event string `msgpack:"event"`
	Text  string `msgpack:"text"`
}

// order is a message that has nothing but its event.
type order struct {
	Event string `msgpack:"event"`
}

// encode is a message's MessagePack, which it always has.
func encode(message any) []byte {
	data, _ := msgpack.Marshal(message)
	return data
}

// frame is any frame from the vendor. Its parts are pieces of the bytes that it was read from.
type frame struct {
	event     []byte
	audio     []byte
	content   []byte // the text of the chunk
	alignment []byte // as MessagePack; nil: no news
	sequence  head   // chunk_seq: a number, or nothing
	reason    []byte // of a finish
	said      []byte // by an error
	limited   bool   // an error names max_concurrency
}

// parse reads a frame, and reports whether it is one.
func parse(data []byte) (f frame, ok bool) {
	s := scanner{data: data}
	h, ok := s.head()
	if !ok || h.kind != kindMap {
		return f, false
	}
	for range h.size {
		name, ok := s.text()
		if !ok {
			return f, false
		}
		h, content, all, ok := s.value()
		if !ok || !f.set(name, h, content, all) {
			return f, false
		}
	}
	return f, s.pos == len(data) && f.event != nil
}

// set takes a member, and reports false where it is not what it must be. What is not known is left out.
func (f *frame) set(name []byte, h head, content, all []byte) bool {
	text := func(into *[]byte) bool {
		*into = content
		return h.kind == kindText || h.kind == kindNil
	}
	switch string(name) {
	case "event":
		f.event = content
		return h.kind == kindText
	case "audio":
		f.audio = content
		return h.kind == kindBytes || h.kind == kindNil
	case "content":
		return text(&f.content)
	case "alignment":
		if h.kind == kindMap {
			f.alignment = all
		}
		return h.kind == kindMap || h.kind == kindNil
	case "chunk_seq":
		f.sequence = h
		return h.kind == kindNumber || h.kind == kindNil
	case "reason":
		return text(&f.reason)
	case "error":
		f.said = content
	case "max_concurrency":
		f.limited = true
	}
	return true
}

// alignment has the times of a chunk's words so far, in seconds from its first sample.
type alignment struct {
	Segments []segment `msgpack:"segments"`
}

type segment struct {
	Text  string  `msgpack:"text"`
	Start float64 `msgpack:"start"`
	End   float64 `msgpack:"end"`
}
