package wyoming

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"voicerelay/audio"
	"voicerelay/upstream"
)

const (
	// maxLine bounds a line in bytes. Those of servers have about a hundred, unless they have their data in it.
	maxLine = 64 << 10
	// maxData bounds a block of data in bytes: Piper's list of voices, the longest that is known, has 86 kB.
	maxData = 1 << 20
	// maxPayload bounds a block of audio in bytes. Piper's have 2 KiB; this is 24 s at 22,050 Hz.
	maxPayload = 1 << 20
)

// kind is what an event is.
type kind int

// The kinds that matter here.
const (
	other kind = iota
	audioStart
	audioChunk
	audioStop
	failure
)

func kindOf(name []byte) kind {
	switch string(name) { // without a copy
	case "audio-start":
		return audioStart
	case "audio-chunk":
		return audioChunk
	case "audio-stop":
		return audioStop
	case "error":
		return failure
	}
	return other
}

// event is what a server says. Its bytes are valid until the next one is read.
type event struct {
	kind    kind
	block   []byte // the data behind its line: JSON, or none
	inline  []byte // the data within its line, of which that of the block takes precedence
	payload []byte
}

// member is a member of the event's data; nil: none.
func (e *event) member(name string) json.RawMessage {
	for _, data := range [...][]byte{e.block, e.inline} {
		if len(data) == 0 {
			continue
		}
		fields := [...]upstream.Field{{Name: name}}
		if upstream.ScanFlat(data, fields[:]) {
			if !fields[0].Absent() {
				return fields[0].Raw
			}
			continue
		}
		var all map[string]json.RawMessage
		if json.Unmarshal(data, &all) == nil && all[name] != nil && string(all[name]) != "null" {
			return all[name]
		}
	}
	return nil
}

// text is a member that is a text; empty: it is none.
func (e *event) text(name string) string {
	var text string
	_ = json.Unmarshal(e.member(name), &text) // stays empty
	return text
}

// number is a member that is a whole number, or what stands for one that is absent.
func (e *event) number(name string, absent int64) int64 {
	raw := e.member(name)
	if raw == nil {
		return absent
	}
	n, ok := upstream.Field{Raw: raw}.Int()
	if !ok {
		return -1
	}
	return n
}

// format is that of the event's audio; what it does not say is as before.
func (e *event) format(before audio.Format) (audio.Format, *upstream.Error) {
	f := audio.Format{Encoding: audio.PCM16, Rate: int(min(e.number("rate", int64(before.Rate)), 1<<20))}
	if e.number("width", 2) != 2 || e.number("channels", 1) != 1 || f.Validate() != nil {
		return before, oddAudio.Error("")
	}
	return f, nil
}

// reader reads events.
type reader struct {
	from           *bufio.Reader
	block, payload []byte
}

func newReader(from io.Reader) *reader { return &reader{from: bufio.NewReaderSize(from, maxLine)} }

// header is an event's line.
type header struct {
	Type          string          `json:"type"`
	Data          json.RawMessage `json:"data"`
	DataLength    *int64          `json:"data_length"`
	PayloadLength *int64          `json:"payload_length"`
}

// next reads an event.
func (r *reader) next() (e event, fault *upstream.Error) {
	line, err := r.from.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return e, tooLong.Error("")
	case err != nil:
		return e, dropped.Error("")
	}
	data, payload, fault := r.head(line, &e)
	if fault != nil {
		return e, fault
	}
	if data > maxData || payload > maxPayload {
		return e, tooLong.Error("")
	}
	if e.block, fault = r.read(&r.block, int(data)); fault != nil {
		return e, fault
	}
	e.payload, fault = r.read(&r.payload, int(payload))
	return e, fault
}

// head takes a line apart, and tells how long the blocks behind it are.
func (r *reader) head(line []byte, e *event) (data, payload int64, fault *upstream.Error) {
	fields := [...]upstream.Field{{Name: "type"}, {Name: "data_length"}, {Name: "payload_length"}, {Name: "data", Nested: true}}
	name, flat := []byte(nil), upstream.ScanFlat(line, fields[:])
	if flat {
		name, flat = fields[0].Text()
	}
	if flat && fields[3].Absent() {
		data, payload = length(fields[1]), length(fields[2])
		e.kind = kindOf(name)
	} else {
		var h header
		if json.Unmarshal(line, &h) != nil || h.Type == "" {
			return 0, 0, unreadable.Error("")
		}
		data, payload = known(h.DataLength), known(h.PayloadLength)
		e.kind, e.inline = kindOf([]byte(h.Type)), h.Data
	}
	if data < 0 || payload < 0 {
		return 0, 0, unreadable.Error("")
	}
	return data, payload, nil
}

// length is a length that a line has; negative: what is none.
func length(f upstream.Field) int64 {
	if f.Absent() {
		return 0
	}
	n, ok := f.Int()
	if !ok {
		return -1
	}
	return n
}

func known(length *int64) int64 {
	if length == nil {
		return 0
	}
	return *length
}

// read reads a block of that length into the buffer.
func (r *reader) read(into *[]byte, length int) ([]byte, *upstream.Error) {
	if cap(*into) < length {
		*into = make([]byte, length)
	}
	block := (*into)[:length]
	if _, err := io.ReadFull(r.from, block); err != nil {
		return nil, dropped.Error("")
	}
	return block, nil
}

// synthesize is the data of an order to speak.
type synthesize struct {
	Text  string `json:"text"`
	Voice *voice `json:"voice,omitempty"`
}

// voice is which one speaks.
type voice struct {
	Name    string `json:"name"`
	Speaker string `json:"speaker,omitempty"` // of a voice that has several
}

// speakerMark stands between a voice's name and its speaker's in our voice ids.
const speakerMark = "#"

// parseVoice is the voice of an id; nil: the server's own choice.
func parseVoice(id string) *voice {
	if id == "" {
		return nil
	}
	name, speaker, _ := strings.Cut(id, speakerMark)
	return &voice{Name: name, Speaker: speaker}
}

// encode is an event with that data, as a line and a block.
func encode(name string, data any) []byte {
	block, _ := json.Marshal(data) // it is of texts alone
	line, _ := json.Marshal(struct {
		Type       string `json:"type"`
		DataLength int    `json:"data_length"`
	}{name, len(block)})
	return append(append(line, '\n'), block...)
}
