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

// Voice is one stream at a scripted vendor. It is used by one goroutine.
type Voice struct {
	c    *Conn
	id   string
	stop <-chan struct{}
	sent int // frames
	dead bool
}

// Voice is a stream of that id, which falls silent when stop is closed.
func (c *Conn) Voice(id string, stop <-chan struct{}) *Voice {
	return &Voice{c: c, id: id, stop: stop}
}

// Say sends a text's audio as planned, each chunk in the frame that the script makes of it. It reports false where
// the stream has been stopped or has met its fault: the script says nothing more on it then.
func (v *Voice) Say(text string, frame func(audio []byte)) bool {
	plan := v.c.Plan()
	size := plan.Chunk
	if size == 0 {
		size = 4800
	}
	audio := Speech(text)
	if plan.Torn {
		audio = append(audio, torn)
	}
	for len(audio) > 0 {
		if v.dead || !v.wait(plan.Gap) {
			return false
		}
		if plan.Fault != nil && v.sent >= plan.After {
			v.dead = true
			plan.Fault(v.c, v.id)
			return false
		}
		n := min(size, len(audio))
		frame(audio[:n])
		audio = audio[n:]
		v.sent++
	}
	return !v.dead
}

// wait reports whether the stream goes on after d.
func (v *Voice) wait(d time.Duration) bool {
	if d > 0 { // Go 1.26's race detector may crash at the channel of a timer that is due at once, on fake time
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-v.stop:
		case <-v.c.over:
		}
	}
	select {
	case <-v.stop:
		return false
	case <-v.c.over:
		return false
	default:
		return true
	}
}
