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

// Of MPEG-2 Layer III, which is what MP3 is at 22,050 Hz.
const (
	mp3FrameSamples = 576
	mp3Header       = "\xff\xf3" // the sync word, MPEG-2, Layer III, no checksum
	mp3Mono         = 0xc0
)

// mp3Rates are the values of a header's rate field for thousands of bits a second.
func mp3Rates() map[int]byte { return map[int]byte{32: 4, 64: 8, 128: 12} }

// silentMP3 is an MP3 file of so many samples at the native rate, at so many thousand bits a second. It is a valid
// file of the right length and size in which nothing is heard: there is no MP3 encoder here, and a relay can't
// look into MP3 either.
func silentMP3(samples, kilobits int) []byte {
	frames := (samples*sampleRate/engine.NativeRate + mp3FrameSamples - 1) / mp3FrameSamples
	var file []byte
	bits := 0 // due so far, in 1/sampleRate of a byte, to pad frames so that the bit rate is met on average
	for range frames {
		bits += mp3FrameSamples / 8 * kilobits * 1000
		size := bits / sampleRate
		bits -= size * sampleRate
		file = append(file, mp3Frame(size, kilobits)...)
	}
	return file
}

// mp3Frame is a frame of silence: what is not its header says that nothing is coded.
func mp3Frame(size, kilobits int) []byte {
	padding := byte(0)
	if size > mp3FrameSamples/8*kilobits*1000/sampleRate {
		padding = 1
	}
	frame := make([]byte, size)
	copy(frame, mp3Header)
	frame[2] = mp3Rates()[kilobits]<<4 | padding<<1 // the rate of 22,050 Hz is 0
	frame[3] = mp3Mono
	return frame
}
