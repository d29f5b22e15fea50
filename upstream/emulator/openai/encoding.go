package openai

import (
	"encoding/binary"
	"fmt"

	"voicerelay/upstream/emulator/engine"
)

// encoder makes the bytes of one body.
type encoder struct {
	engine.Encoder
	head func(size uint32) []byte // goes before the samples, given how many bytes of them there are; nil: nothing does
}

// encoder is that of a format, and the type that the body is declared to have.
func (q quirks) encoder(format string) (e encoder, declared string, err error) {
	name := map[string]string{"pcm": "pcm_24000", "wav": fmt.Sprintf("pcm_%d", q.wavRate), "mp3": "mp3_24000_48", "opus": "opus_48000_64"}[format]
	output, ok := engine.OutputFormatOf(name)
	if !ok {
		return e, "", fmt.Errorf("no encoder of %s", format)
	}
	if e.Encoder, err = output.Encoder(); err != nil {
		return e, "", err
	}
	switch format {
	case "pcm":
		return e, q.pcmType, nil
	case "wav":
		e.head = q.wavHeader
		return e, q.wavType, nil
	case "mp3":
		return e, "audio/mpeg", nil
	}
	return e, "audio/" + format, nil
}

// wavHeader is what stands before the samples of a WAV file. One that is sent before the audio can't know the length, so it has 0
// or the highest number.
func (q quirks) wavHeader(size uint32) []byte {
	le := binary.LittleEndian
	var extra []byte
	if q.wavExtra { // what ffmpeg says of itself
		extra = append(le.AppendUint32([]byte("LIST"), 14), "INFOISFT\x02\x00\x00\x00xy"...)
	}
	riff := q.wavSize
	if q.wavSize == wavTrueSize {
		const restOfHeader = 36
		riff = size + restOfHeader + uint32(len(extra))
	} else {
		size = q.wavSize
	}
	h := append(le.AppendUint32([]byte("RIFF"), riff), "WAVEfmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, 1) // PCM
	h = le.AppendUint16(h, 1) // mono
	h = le.AppendUint32(h, uint32(q.wavRate))
	h = le.AppendUint32(h, uint32(2*q.wavRate))
	h = le.AppendUint16(h, 2)
	h = le.AppendUint16(h, 16)
	h = append(h, extra...)
	return le.AppendUint32(append(h, "data"...), size)
}
