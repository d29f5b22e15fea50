package audio

// LikelyWhole reports whether data, which by the count of bytes begins with the second half of a 16-bit sample, much more
// likely begins with a whole one: read from its first byte on, it is far smoother than from its second. Speech is; with
// its bytes swapped it is noise, that jumps by a third of the whole range from sample to sample. In doubt, as with silence
// or with noise, it is false.
func LikelyWhole(data []byte) bool {
	const (
		least   = 32  // samples, for chance to be of no account
		most    = 512 // samples that are looked at
		clearly = 4   // how much smoother it must be: a loud hiss, which is the hardest to tell, is twice
	)
	data = data[:min(len(data), 2*most+1)]
	if len(data) < 2*least+1 {
		return false
	}
	return clearly*roughness(data) < roughness(data[1:])
}

// roughness is how far apart neighbouring samples are, all in all.
func roughness(data []byte) int {
	sum, last := 0, int16At(data, 0)
	for at := 2; at+1 < len(data); at += 2 {
		next := int16At(data, at)
		sum += max(next-last, last-next)
		last = next
	}
	return sum
}

func int16At(data []byte, at int) int {
	return int(int16(uint16(data[at]) | uint16(data[at+1])<<8))
}
