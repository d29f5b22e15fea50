package upstreamtest

import (
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"

	"voicerelay/upstream"
)

// Plan is what happens to a vendor's streams.
type Plan struct {
	// Chunk is the bytes of audio in a frame; 0: 4800.
	Chunk int
	// Gap is the time before each frame.
	Gap time.Duration
	// Fault, if any, happens after so many frames of audio of a stream, and nothing more is said on that stream.
	Fault func(c *Conn, id string)
	After int
	// Deaf: cancels are not confirmed.
	Deaf bool
	// Handshake is how long the vendor takes to answer one.
	Handshake time.Duration
	// Torn: each piece's audio ends with a byte too many, or too few, to be whole samples.
	Torn bool
	// LineBreaks: long base64 is sent in lines, with another line break at the end, as MIME has it.
	LineBreaks bool
	// Frozen: new sockets are never read. NoPong: pings on them are not answered.
	Frozen, NoPong bool
}

// Format of the audio that Speech makes: 16-bit samples at this rate.
const rate = 24000

// torn is the byte that is too many.
const torn = 0x7f

// perLetter is the audio of a letter or digit: 20 ms.
const perLetter = rate / 50 * 2

// Speech is the audio of a text, in bytes of 16-bit samples at 24 kHz: noise that is another for each text.
func Speech(text string) []byte {
	h := fnv.New64a()
	h.Write([]byte(text))
	source := rand.New(rand.NewPCG(h.Sum64(), 0))
	audio := make([]byte, letters(text)*perLetter)
	for i := range audio {
		audio[i] = byte(source.Uint32())
	}
	return audio
}

// Words are the words of a text as the scripted vendor speaks them, in times from the text's first sample.
func Words(text string) []upstream.Word {
	var words []upstream.Word
	at := time.Duration(0)
	for field := range strings.FieldsSeq(text) {
		n := letters(field)
		if n == 0 {
			continue
		}
		end := at + time.Duration(n)*20*time.Millisecond
		words = append(words, upstream.Word{Text: strings.TrimFunc(field, unicode.IsPunct), Start: at, End: end})
		at = end
	}
	return words
}

func letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
