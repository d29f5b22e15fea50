package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// One audio frame: 100 ms of 24 kHz mono 16-bit samples, as base64.
const (
	frameEvery   = 100 * time.Millisecond
	sampleRate   = 24000
	frameSamples = sampleRate / 10
	frameChars   = frameSamples * 2 * 4 / 3 // whole groups of three bytes: no padding
)

// mark is what a frame says about itself in place of its first samples.
type mark struct {
	index uint32        // of its generation's frames, from 0
	sent  time.Duration // on the run's clock
}

const (
	markBytes = 12
	markChars = markBytes * 4 / 3
)

func (m mark) put(dst []byte) {
	var raw [markBytes]byte
	binary.LittleEndian.PutUint32(raw[:], m.index)
	binary.LittleEndian.PutUint64(raw[4:], uint64(m.sent))
	base64.StdEncoding.Encode(dst[:markChars], raw[:])
}

var errNotOurAudio = errors.New("audio that the vendor did not send")

// readMark takes the mark from a frame's base64, which must have come as it was sent.
func readMark(audio []byte) (mark, error) {
	if len(audio) != frameChars {
		return mark{}, errNotOurAudio
	}
	var raw [markBytes]byte
	if _, err := base64.StdEncoding.Decode(raw[:], audio[:markChars]); err != nil {
		return mark{}, errNotOurAudio
	}
	if !bytes.Equal(audio[markChars:], noise()[markChars:]) {
		return mark{}, errNotOurAudio
	}
	return mark{
		index: binary.LittleEndian.Uint32(raw[:]),
		sent:  time.Duration(binary.LittleEndian.Uint64(raw[4:])),
	}, nil
}

// headerBytes is the head of an unmasked WebSocket frame of 126 to 65535 bytes.
const headerBytes = 4

// textFrame is a whole WebSocket frame with a text. An endpoint must use the shortest form of the length.
func textFrame(text []byte) []byte {
	if len(text) < 126 {
		return append([]byte{0x81, byte(len(text))}, text...)
	}
	frame := binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(len(text)))
	return append(frame, text...)
}

// audioFrame is a context's audio message as a WebSocket frame, built once. Between two frames of a context only
// the mark, the index and the chunk change.
type audioFrame struct {
	buf   []byte
	audio int // where the base64 begins
	tail  int // where the index stands
}

func newAudioFrame(contextID string) *audioFrame {
	f := &audioFrame{buf: make([]byte, headerBytes, headerBytes+frameChars+256)}
	f.buf = append(f.buf, `{"audio":"`...)
	f.audio = len(f.buf)
	f.buf = append(f.buf, noise()...)
	f.buf = append(f.buf, `","enc":"pcm_s16le","context_id":`...)
	f.buf = append(f.buf, quote(contextID)...)
	f.buf = append(f.buf, `,"idx":`...)
	f.tail = len(f.buf)
	return f
}

// stamp makes the buffer the frame of that mark. It is valid until the next call.
func (f *audioFrame) stamp(m mark, chunk int) []byte {
	m.put(f.buf[f.audio:])
	f.buf = strconv.AppendUint(f.buf[:f.tail], uint64(m.index), 10)
	f.buf = append(f.buf, `,"sr":24000,"samples":2400,"chunk_id":`...)
	f.buf = strconv.AppendInt(f.buf, int64(chunk), 10)
	f.buf = append(f.buf, '}')
	f.buf[0], f.buf[1] = 0x81, 126
	binary.BigEndian.PutUint16(f.buf[2:], uint16(len(f.buf)-headerBytes))
	return f.buf
}

// noise is a frame's samples as base64: any do, but not ones that an optimisation for silence could recognise. It is
// not to be changed.
var noise = sync.OnceValue(func() []byte {
	samples := make([]byte, frameSamples*2)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range samples {
		samples[i] = byte(source.Uint32())
	}
	return base64.StdEncoding.AppendEncode(nil, samples)
})

func quote(s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`) // a string can always be encoded
	}
	return quoted
}
