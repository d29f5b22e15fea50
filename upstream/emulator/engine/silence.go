package engine

import (
	"encoding/binary"
	"slices"
)

// The compressed formats have the frames, the length and (mp3) the bit rate of what is said, but silence in them: the
// emulator has no such encoder. They are for clients that store or count what they get.

// mp3Silence makes mp3 frames without any sound. What does not fill a frame stays in it, as in a real encoder.
// A frame is 1152 samples from 32 kHz on, and 576 below; the tables are the header's, of ISO 11172-3 and 13818-3.
type mp3Silence struct {
	rate    int
	samples int // of a frame
	frame   []byte
	waiting int // samples at the native rate, times the rate
}

func newMP3Silence(rate, bits int) *mp3Silence {
	// Layer III without CRC, mono; below 32 kHz it is MPEG-2, whose frames are half as long.
	version, samples, kbps := byte(0xFB), 1152, []int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192}
	if rate < 32000 {
		version, samples, kbps = 0xF3, 576, []int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}
	}
	index := byte(slices.Index([]int{44100, 48000, 32000}, rate))
	if rate < 32000 {
		index = byte(slices.Index([]int{22050, 24000, 16000}, rate))
	}
	frame := make([]byte, samples/8*bits*1000/rate)
	copy(frame, []byte{0xFF, version, byte(slices.Index(kbps, bits))<<4 | index<<2, 0xC0})
	return &mp3Silence{rate: rate, samples: samples, frame: frame}
}

func (e *mp3Silence) Encode(pcm []int16) []byte {
	e.waiting += len(pcm) * e.rate
	whole := e.waiting / (e.samples * NativeRate)
	e.waiting %= e.samples * NativeRate
	return slices.Repeat(e.frame, whole)
}

func (e *mp3Silence) End() []byte {
	if e.waiting == 0 {
		return nil
	}
	e.waiting = 0
	return e.frame
}

// Opus in Ogg counts at 48 kHz, whatever went in.
const (
	opusRate    = 48000
	opusPacket  = opusRate / 50 // samples of 20 ms
	opusPreSkip = 312           // samples that a player leaves out at the start
	oggPackets  = 50            // of a page; there is room for 255
)

// Flags of an Ogg page.
const (
	oggFirst = 2
	oggLast  = 4
)

// opusSilence makes an Ogg file of Opus packets without any sound.
// Pages and heads are those of RFC 7845.
type opusSilence struct {
	page    uint32
	samples uint64 // at 48 kHz, in whole packets
	waiting int    // samples at 48 kHz
}

func newOpusSilence() *opusSilence { return &opusSilence{} }

func (e *opusSilence) Encode(pcm []int16) []byte {
	out := e.heads()
	e.waiting += len(pcm) * opusRate / NativeRate
	for e.waiting >= opusPacket {
		n := min(e.waiting/opusPacket, oggPackets)
		e.waiting -= n * opusPacket
		out = append(out, e.audioPage(0, n)...)
	}
	return out
}

func (e *opusSilence) End() []byte { return append(e.heads(), e.audioPage(oggLast, 1)...) }

// heads are the two pages that describe the file, once.
func (e *opusSilence) heads() []byte {
	if e.page > 0 {
		return nil
	}
	head := append([]byte("OpusHead"), 1, 1) // version, channels
	head = binary.LittleEndian.AppendUint16(head, opusPreSkip)
	head = binary.LittleEndian.AppendUint32(head, NativeRate)
	head = append(head, 0, 0, 0) // gain, and one stream
	tags := append([]byte("OpusTags"), make([]byte, 8)...)
	return append(e.oggPage(oggFirst, head), e.oggPage(0, tags)...)
}

func (e *opusSilence) audioPage(flags byte, packets int) []byte {
	e.samples += uint64(packets) * opusPacket
	silence := []byte{0xF8, 0xFF, 0xFE} // 20 ms of full-band mono without any sound
	return e.oggPage(flags, slices.Repeat([][]byte{silence}, packets)...)
}

// oggPage wraps packets of less than 255 bytes.
func (e *opusSilence) oggPage(flags byte, packets ...[]byte) []byte {
	page := append([]byte("OggS"), 0, flags)
	page = binary.LittleEndian.AppendUint64(page, e.samples)
	page = binary.LittleEndian.AppendUint32(page, 1) // the stream's number
	page = binary.LittleEndian.AppendUint32(page, e.page)
	page = append(page, 0, 0, 0, 0, byte(len(packets))) // the checksum goes there
	for _, p := range packets {
		page = append(page, byte(len(p)))
	}
	for _, p := range packets {
		page = append(page, p...)
	}
	binary.LittleEndian.PutUint32(page[22:], oggChecksum(page))
	e.page++
	return page
}

// oggChecksum is CRC-32 as Ogg has it: the usual polynomial, the high bit first, beginning with nothing.
func oggChecksum(page []byte) (sum uint32) {
	const polynomial = 0x04C11DB7
	for _, b := range page {
		sum ^= uint32(b) << 24
		for range 8 {
			carry := sum >> 31
			sum = sum<<1 ^ carry*polynomial
		}
	}
	return sum
}
