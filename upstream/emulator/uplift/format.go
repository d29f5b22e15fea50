package uplift

import (
	"encoding/binary"
	"fmt"
	"math"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// sampleRate is the rate of every format but telephony's, in hertz.
// A format's name has its rate, and no message can ask for another.
const sampleRate = 22050

// kindOgg is the format that the vendor lists and can't stream.
// The vendor's guide says that streaming of it is not supported at present. What it is answered is an assumption.
const kindOgg = "OGG_22050_16"

// wavUnknownSize is what the header of a WAV file says whose length is not known yet.
const wavUnknownSize = math.MaxUint32

// wavTrueSize stands for the true length.
const wavTrueSize = 1

// format is a way to make a file of samples.
type format struct {
	kind formatKind
	bits int // of a sample; MP3: a second, in thousands
}

type formatKind int

const (
	kindPCM formatKind = iota
	kindWAV
	kindMP3
	kindMuLaw
)

// formats are the values of outputFormat that can be streamed; without one it is PCM.
// The page lists five formats, the SDK and the plugins all of them. PCM is the default here, while the REST call has
// WAV_22050_32.
func formats() map[string]format {
	return map[string]format{
		"":             {kindPCM, 16},
		"PCM_22050_16": {kindPCM, 16},
		"WAV_22050_16": {kindWAV, 16}, "WAV_22050_32": {kindWAV, 32},
		"MP3_22050_32": {kindMP3, 32}, "MP3_22050_64": {kindMP3, 64}, "MP3_22050_128": {kindMP3, 128},
		"ULAW_8000_8": {kindMuLaw, 8},
	}
}

// encode makes a file of samples at the native rate.
// Each request is a file of its own, with a header of its own: a client that goes on with one decoder loses the beginning of
// the next.
func (f format) encode(pcm []int16, q quirks) ([]byte, error) {
	switch f.kind {
	case kindMuLaw:
		return engine.Encode(pcm, audio.Format{Encoding: audio.MuLaw, Rate: 8000})
	case kindPCM:
		return engine.Encode(pcm, audio.Format{Encoding: audio.PCM16, Rate: sampleRate})
	case kindMP3:
		return silentMP3(len(pcm), f.bits), nil
	case kindWAV:
		return f.encodeWAV(pcm, q)
	}
	return nil, fmt.Errorf("no encoder of format %d", f.kind)
}

// encodeWAV makes a WAV file. What its header says of the length, and what 32 bits are, is the seed's.
func (f format) encodeWAV(pcm []int16, q quirks) ([]byte, error) {
	encoding, tag := audio.PCM16, uint16(1)
	if f.bits == 32 {
		encoding = audio.PCMF32
		if q.wavFloat {
			tag = 3
		}
	}
	samples, err := engine.Encode(pcm, audio.Format{Encoding: encoding, Rate: sampleRate})
	if err != nil {
		return nil, err
	}
	if f.bits == 32 && !q.wavFloat {
		floatsToIntegers(samples)
	}
	size := q.wavSize
	if size == wavTrueSize {
		size = uint32(len(samples))
	}
	return append(f.wavHeader(tag, size), samples...), nil
}

// wavHeader is the 44 bytes before the samples.
// A header that is sent before the audio can't know the length, so it has 0 or the highest number, unless the vendor holds the
// file back.
func (f format) wavHeader(tag uint16, size uint32) []byte {
	const restOfHeader = 36
	le := binary.LittleEndian
	riff := size
	if size != 0 && size != wavUnknownSize {
		riff += restOfHeader
	}
	h := append(le.AppendUint32([]byte("RIFF"), riff), "WAVEfmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, tag)
	h = le.AppendUint16(h, 1) // mono
	h = le.AppendUint32(h, sampleRate)
	h = le.AppendUint32(h, uint32(sampleRate*f.bits/8))
	h = le.AppendUint16(h, uint16(f.bits/8))
	h = le.AppendUint16(h, uint16(f.bits))
	return le.AppendUint32(append(h, "data"...), size)
}

// floatsToIntegers turns 32-bit floats within ±1 to 32-bit integers, in place.
func floatsToIntegers(raw []byte) {
	for i := 0; i+4 <= len(raw); i += 4 {
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[i:])))
		binary.LittleEndian.PutUint32(raw[i:], uint32(int32(max(-1, min(1, v))*math.MaxInt32)))
	}
}
