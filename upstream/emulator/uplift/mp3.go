package uplift

import "voicerelay/upstream/emulator/engine"

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
