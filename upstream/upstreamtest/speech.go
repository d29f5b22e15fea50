package upstreamtest

import (
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"

	"voicerelay/upstream"
)

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
