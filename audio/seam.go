package audio

// Ramp changes the loudness of whole samples in place, evenly from one gain at the first sample to another after
// the last. It is how a voice is let in and out without a click.
func Ramp(f Format, samples []byte, from, to float32) {
	codec, size := codecs[f.Samples().Encoding], f.BytesPerSample()
	n := len(samples) / size
	var block [blockSamples]float32
	for at := 0; at < n; at += len(block) {
		part := samples[at*size : min(at+len(block), n)*size]
		values := block[:len(part)/size]
		codec.decode(values, part)
		for i := range values {
			values[i] *= from + (to-from)*float32(at+i)/float32(n)
		}
		codec.encode(part[:0], values)
	}
}

// AppendDecay appends n samples that lead from the last one heard, in its encoding, to silence.
func AppendDecay(dst []byte, f Format, last []byte, n int) []byte {
	start := len(dst)
	for range n {
		dst = append(dst, last...)
	}
	Ramp(f, dst[start:], 1, 0)
	return dst
}
