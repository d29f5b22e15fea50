package elevenlabs

import (
	"time"
	"unicode/utf8"

	"voicerelay/relay"
)

// timedChar is a character with its time on the generation's clock, in milliseconds.
type timedChar struct {
	text       string
	start, end int64
}

// alignments make the times of characters from those of words.
//
// Clients read them by two clocks. Pipecat reads `alignment`, and takes its times as counted from the end of the former alignment,
// which is where its last character ends: so an alignment begins with the pause before its first word. LiveKit's plugins read
// `normalizedAlignment`, and take its times as counted from the context's first sample. For some languages LiveKit reads
// `alignment` by that clock as well, so that a client which asks for what only LiveKit asks for gets it in both.
type alignments struct {
	transcript transcript
	// steady: both count from the first sample.
	steady bool

	// Owned by the generation's encoder.
	end   int64 // of the former alignment, in milliseconds
	chars []timedChar
}

// add is the characters of words, which are valid until the next call. Times never go back.
func (a *alignments) add(words []relay.Word) []timedChar {
	a.chars = a.chars[:0]
	at := a.end
	for _, w := range words {
		as, ok := a.transcript.take(w.CharStart, w.CharEnd)
		if !ok {
			continue
		}
		start := max(at, w.Start.Milliseconds())
		end := max(start, w.End.Milliseconds())
		a.spread(as.before, start, start)
		a.spread(as.word, start, end)
		a.spread(as.after, end, end)
		at = end
	}
	return a.chars
}

// spread gives characters an even share each of a stretch of time.
func (a *alignments) spread(s string, start, end int64) {
	n, i := int64(utf8.RuneCountInString(s)), int64(0)
	for at, r := range s {
		a.chars = append(a.chars, timedChar{
			text:  s[at : at+utf8.RuneLen(r)],
			start: start + (end-start)*i/n, end: start + (end-start)*(i+1)/n,
		})
		i++
	}
}

// close ends an alignment: the next one is counted from its end.
func (a *alignments) close(chars []timedChar) {
	if len(chars) > 0 {
		a.end = chars[len(chars)-1].end
	}
}

// untilEnd is a space that takes the silence behind the last word; nil: there is none, or no word was told. Pipecat puts the audio
// of its next request where the last character of this one ends.
func (a *alignments) untilEnd(r relay.Result) []timedChar {
	total := r.Usage.Audio.Milliseconds()
	if a.end == 0 || total <= a.end {
		return nil
	}
	return []timedChar{{text: " ", start: a.end, end: total}}
}

// seconds is a time as HTTP clients read it.
func seconds(ms int64) float64 { return (time.Duration(ms) * time.Millisecond).Seconds() }
