package vendorhttp

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"voicerelay/upstream"
)

// maxEvent is how many bytes an event may have: half a minute of audio at 48 kHz, as base64.
const maxEvent = 4 << 20

// Events reads a body of server-sent events, and gives the data of each to take, valid during the call only, until take says
// that it was the last one, or fails. whole is false where the body ends before that.
func (a *Answer) Events(take func(data []byte) (last bool, fault *upstream.Error)) (whole bool, fault *upstream.Error) {
	e := events{from: bufio.NewReaderSize(a, readBuffer)}
	for {
		data, fault := e.next()
		if fault != nil || data == nil {
			return false, fault
		}
		if last, fault := take(data); last || fault != nil {
			return last, fault
		}
	}
}

// events reads a stream of them, as the HTML standard's section on server-sent events has it.
type events struct {
	from *bufio.Reader
	line []byte
	data []byte
	some bool // there is data, if maybe none in it
	over bool // the body has ended
}

// next is the data of the next event; nil: there is none.
func (e *events) next() ([]byte, *upstream.Error) {
	e.data, e.some = e.data[:0], false
	for !e.over {
		if fault := e.readLine(); fault != nil {
			return nil, fault
		}
		field, value, _ := bytes.Cut(e.line, []byte(":"))
		switch string(field) { // without a copy
		case "data":
			if e.some {
				e.data = append(e.data, '\n')
			}
			e.data, e.some = append(e.data, bytes.TrimPrefix(value, []byte(" "))...), true
		case "event", "id", "retry": // what matters of it is in the data as well
		case "":
			if len(e.line) > 0 {
				break // a comment
			}
			if len(e.data) > 0 {
				return e.data, nil
			}
			e.some = false // an event without data is none
		default:
			return nil, upstream.GarbledError("the vendor's answer is not a stream of events")
		}
		if len(e.data) > maxEvent {
			return nil, errLongEvent
		}
	}
	if len(e.data) > 0 { // the body ends with its line, as some servers have it
		return e.data, nil
	}
	return nil, nil
}

var errLongEvent = upstream.GarbledError("the vendor sent an event that is too long")

// readLine reads the next line, without its end.
func (e *events) readLine() *upstream.Error {
	e.line = e.line[:0]
	for {
		part, err := e.from.ReadSlice('\n')
		e.line = append(e.line, part...)
		if len(e.line) > maxEvent {
			return errLongEvent
		}
		switch {
		case err == nil:
			e.line = bytes.TrimSuffix(bytes.TrimSuffix(e.line, []byte("\n")), []byte("\r"))
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			e.over = true
			return nil
		default:
			return lost(err)
		}
	}
}
