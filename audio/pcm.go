package audio

import (
	"encoding/binary"
	"math"
	"slices"
)

// fullScale is the 16-bit value of 1.0. The largest sample is one step below it, so 1.0 itself saturates; in
// return 16-bit samples go to float and back unchanged.
const fullScale = 1 << 15

func decodePCM16(dst []float32, src []byte) {
	src = src[:2*len(dst)]
	for i := range dst {
		dst[i] = float32(int16(binary.LittleEndian.Uint16(src[2*i:]))) / fullScale
	}
}

func encodePCM16(dst []byte, src []float32) []byte {
	start := len(dst)
	dst = slices.Grow(dst, 2*len(src))[:start+2*len(src)]
	out := dst[start:]
	for i, v := range src {
		binary.LittleEndian.PutUint16(out[2*i:], uint16(quantize(v)))
	}
	return dst
}

// decodePCMF32 bounds what it reads: one infinite sample would otherwise silence, by way of NaN, all samples
// within the filter's reach.
func decodePCMF32(dst []float32, src []byte) {
	src = src[:4*len(dst)]
	for i := range dst {
		v := math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		if v != v { // only NaN differs from itself
			v = 0
		}
		dst[i] = saturate(v)
	}
}

func encodePCMF32(dst []byte, src []float32) []byte {
	start := len(dst)
	dst = slices.Grow(dst, 4*len(src))[:start+4*len(src)]
	out := dst[start:]
	for i, v := range src {
		binary.LittleEndian.PutUint32(out[4*i:], math.Float32bits(saturate(v)))
	}
	return dst
}

// saturate bounds a sample to -1..1. Plain comparisons, since the built-in min and max pay for NaN on every sample.
func saturate(v float32) float32 {
	if v > 1 {
		return 1
	}
	if v < -1 {
		return -1
	}
	return v
}

// quantize is the nearest 16-bit sample, halves away from zero.
func quantize(v float32) int16 {
	v *= fullScale
	if v >= math.MaxInt16 {
		return math.MaxInt16
	}
	if v <= math.MinInt16 {
		return math.MinInt16
	}
	if v < 0 {
		return int16(v - 0.5)
	}
	return int16(v + 0.5)
}
