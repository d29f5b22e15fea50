package tests

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

func (f format) String() string { return fmt.Sprintf("%s@%d", f.Encoding, f.Rate) }

// sampleSize is the bytes of one sample.
func (f format) sampleSize() int64 {
	switch f.Encoding {
	case "pcm_f32le":
		return 4
	case "mulaw", "alaw":
		return 1
	default:
		return 2
	}
}

// compressed reports whether bytes say nothing of samples.
func (f format) compressed() bool {
	return slices.Contains([]string{"flac", "mp3", "opus"}, f.Encoding)
}

// wavHeader is the 44 bytes that begin a streamed wav: mono s16le, both sizes unknown.
func wavHeader(rate int) []byte {
	le := binary.LittleEndian
	b := append([]byte("RIFF"), 0xff, 0xff, 0xff, 0xff)
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*2))
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	return append(b, 0xff, 0xff, 0xff, 0xff)
}

// samples decodes audio, without any header, to 16-bit samples.
func (f format) samples(data []byte) []int16 {
	pcm := make([]int16, 0, int64(len(data))/f.sampleSize())
	for i := 0; i+int(f.sampleSize()) <= len(data); i += int(f.sampleSize()) {
		pcm = append(pcm, f.sample(data[i:]))
	}
	return pcm
}

func (f format) sample(b []byte) int16 {
	switch f.Encoding {
	case "pcm_f32le":
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		return int16(math.Round(min(max(v, -1), 1) * 32767))
	case "mulaw":
		return muLaw(b[0])
	case "alaw":
		return aLaw(b[0])
	default:
		return int16(binary.LittleEndian.Uint16(b))
	}
}

// muLaw expands one byte of ITU-T G.711 µ-law.
func muLaw(b byte) int16 {
	b = ^b
	v := (int16(b&0x0f)<<3 + 0x84) << (b >> 4 & 7)
	if v -= 0x84; b&0x80 != 0 {
		return -v
	}
	return v
}

// aLaw expands one byte of ITU-T G.711 A-law.
func aLaw(b byte) int16 {
	b ^= 0x55
	v := int16(b&0x0f)<<4 + 8
	if exponent := b >> 4 & 7; exponent > 0 {
		v = (v + 0x100) << (exponent - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}
