package audio

import (
	"math/bits"
	"slices"
)

// G.711 codes are a sign, a segment of three bits and a step of four. Segments double in width, so a level's
// segment is the position of its highest bit. Both laws are written here on 16-bit levels: µ-law's own 14 bits
// and A-law's 13 are shifted up, which makes their levels comparable with PCM16.
const (
	signBit     = 0x80
	muLawInvert = 0xFF // µ-law goes out with all bits inverted
	aLawInvert  = 0x55 // A-law with every other one

	// muLawBias makes each µ-law segment start at a power of two; muLawClip is the highest level that still
	// fits 16 bits with it.
	muLawBias = 33 << 2
	muLawClip = 1<<15 - 1 - muLawBias
)

// Decoding is by table; encoding is not, since finding the highest bit is one instruction and a table of all
// 65,536 levels would push the filter's coefficients out of the nearest cache.
var (
	muLawLevels = levels(muLawLevel)
	aLawLevels  = levels(aLawLevel)
)

// levels tabulates a law's 256 levels as floats.
func levels(level func(code byte) int) *[256]float32 {
	var table [256]float32
	for code := range table {
		table[code] = float32(level(byte(code))) / fullScale
	}
	return &table
}

// muLawLevel is the 16-bit level of a µ-law code. There are two codes for 0.
func muLawLevel(code byte) int {
	code ^= muLawInvert
	segment, step := code>>4&7, int(code&0x0F)
	level := (step<<3+muLawBias)<<segment - muLawBias
	if code&signBit != 0 {
		return -level
	}
	return level
}

// muLawCode is the code that stands for v; 0 is the positive one of its two.
func muLawCode(v int16) byte {
	var sign byte
	level := int(v)
	if level < 0 {
		sign, level = signBit, -level
	}
	level = min(level, muLawClip) + muLawBias
	segment := bits.Len(uint(level)) - 8 // the lowest segment starts at 128
	step := level >> (segment + 3) & 0x0F
	return (sign | byte(segment<<4) | byte(step)) ^ muLawInvert
}

// aLawLevel is the 16-bit level of an A-law code. The two lowest segments are equally wide.
func aLawLevel(code byte) int {
	code ^= aLawInvert
	segment, step := code>>4&7, int(code&0x0F)
	level := step<<4 + 8
	if segment > 0 {
		level = (level + 0x100) << (segment - 1)
	}
	if code&signBit == 0 { // A-law's sign bit means positive
		return -level
	}
	return level
}

// aLawCode is the code that stands for v.
func aLawCode(v int16) byte {
	sign := byte(signBit)
	level := int(v)
	if level < 0 {
		sign, level = 0, ^level // -1 is the first level below zero: A-law has no zero
	}
	segment := max(bits.Len(uint(level))-8, 0)
	step := level >> (max(segment, 1) + 3) & 0x0F
	return (sign | byte(segment<<4) | byte(step)) ^ aLawInvert
}

func decodeMuLaw(dst []float32, src []byte) { lookUp(dst, src, muLawLevels) }

func decodeALaw(dst []float32, src []byte) { lookUp(dst, src, aLawLevels) }

func lookUp(dst []float32, src []byte, table *[256]float32) {
	src = src[:len(dst)]
	for i, code := range src {
		dst[i] = table[code]
	}
}

func encodeMuLaw(dst []byte, src []float32) []byte {
	dst = slices.Grow(dst, len(src))
	for _, v := range src {
		dst = append(dst, muLawCode(quantize(v)))
	}
	return dst
}

func encodeALaw(dst []byte, src []float32) []byte {
	dst = slices.Grow(dst, len(src))
	for _, v := range src {
		dst = append(dst, aLawCode(quantize(v)))
	}
	return dst
}

// The bytes of silence: samples of 0 (ITU-T G.711, tables 1a and 2a).
const (
	silentMuLaw = 0xFF
	silentALaw  = 0xD5
)
