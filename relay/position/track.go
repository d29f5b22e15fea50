package position

import (
	"slices"
	"sort"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/text"
)

// How a position in the text is known, by the protocol's names.
const (
	SourceWords    = "word_times"
	SourceSegment  = "segment"
	SourceEstimate = "estimate"
)

// Spoken says how far into its text a generation was heard.
type Spoken struct {
	Char   int    // code points from the start of the text
	Source string // how that is known
}

// segmentSlack is how far, in time, audio may end from a piece's end and still count as ending there: the
// resampler's filter holds back some 3 ms.
const segmentSlack = 10 * time.Millisecond

// Track holds what is known of where in the text the audio is. Times are samples on the generation's own
// clock at the output's rate; text positions are code points of the client's text.
type Track struct {
	Rate      int
	Samples   int64 // audio queued for the client so far
	Pieces    []spokenPiece
	Words     []text.Timed
	announced int // words that the client has been told of
	Untold    int // where the last word ends of those that it was told of by an estimate
}

// spokenPiece is a piece's text and where its audio ends.
type spokenPiece struct {
	start, end int
	at         int64 // where its audio ends; -1: not known yet
	Beats      []text.Beat
}

// NewTrack is the track of a generation that has no audio yet. rate is that of its samples.
func NewTrack(rate int) Track { return Track{Rate: rate} }

// AddPiece notes a piece that was ordered, and returns its index.
func (t *Track) AddPiece(p text.Piece) int {
	t.Pieces = append(t.Pieces, spokenPiece{start: p.Start, end: p.End, at: -1, Beats: p.Beats()})
	return len(t.Pieces) - 1
}

// Cut ends what is known at a place in the text, where another voice goes on after the audio so far. Words that the
// client was told of stay; that voice may say them again.
func (t *Track) Cut(char int) {
	t.Words = t.Words[:t.announced]
	n := 0
	for n < len(t.Pieces) && t.Pieces[n].start < char {
		n++
	}
	t.Pieces = t.Pieces[:n]
	if n == 0 {
		return
	}
	for i := range t.Pieces { // of a voice that marks no ends: they count as ended all the same
		if t.Pieces[i].at < 0 {
			t.Pieces[i].at = t.Samples
		}
	}
	last := &t.Pieces[n-1]
	if last.end > char {
		last.end, last.at = char, t.Samples
	}
	for len(last.Beats) > 0 && last.Beats[len(last.Beats)-1].Start >= char {
		last.Beats = last.Beats[:len(last.Beats)-1]
	}
}

// Covers reports whether audio may break off at a place: the evidence reaches it, and no word goes on after it.
func (t *Track) Covers(pos int64) bool {
	reached := false
	for _, w := range slices.Backward(t.Words) {
		if w.End < pos {
			break
		}
		if w.Start < pos && pos < w.End {
			return false
		}
		reached = true
	}
	return reached || slices.ContainsFunc(t.Pieces, func(p spokenPiece) bool { return p.at >= pos })
}

// Timed reports whether a word is known to end at or after a place in the audio.
func (t *Track) Timed(pos int64) bool {
	n := len(t.Words)
	return n > 0 && t.Words[n-1].End >= pos
}

// LastEnd is the last place in (after, by] where a word or a piece is known to end, or -1.
func (t *Track) LastEnd(after, by int64) int64 {
	end := int64(-1)
	for _, w := range slices.Backward(t.Words) {
		if w.End <= by {
			end = w.End
			break
		}
	}
	for _, p := range t.Pieces {
		if p.at <= by {
			end = max(end, p.at)
		}
	}
	if end <= after {
		return -1
	}
	return end
}

// EndPiece notes where the audio of a piece ends. Its words end there at the latest, whatever the vendor said, or they
// would stand in the way of the next piece's.
func (t *Track) EndPiece(i int, at int64) {
	if i < 0 || i >= len(t.Pieces) || at < 0 {
		return
	}
	p := &t.Pieces[i]
	p.at = at
	for j := len(t.Words) - 1; j >= t.announced && t.Words[j].Token.Start >= p.start; j-- {
		if w := &t.Words[j]; w.Token.Start < p.end {
			w.Start, w.End = min(w.Start, at), min(w.End, at)
		}
	}
}

// AddWords notes words in order. Word times never run backwards, whatever the vendor said.
func (t *Track) AddWords(words []text.Timed) {
	for _, w := range words {
		if n := len(t.Words); n > 0 {
			w.Start, w.End = max(w.Start, t.Words[n-1].Start), max(w.End, t.Words[n-1].End)
		}
		w.End = max(w.End, w.Start)
		t.Words = append(t.Words, w)
	}
}

// Dismiss drops words that the client has not been told of.
func (t *Track) Dismiss(what func(text.Timed) bool) {
	t.Words = append(t.Words[:t.announced], slices.DeleteFunc(t.Words[t.announced:], what)...)
}

// Clamp moves words that end after the audio to its end, once no more audio comes.
func (t *Track) Clamp() {
	for i := len(t.Words) - 1; i >= t.announced && t.Words[i].End > t.Samples; i-- {
		t.Words[i].End = t.Samples
		t.Words[i].Start = min(t.Words[i].Start, t.Samples)
	}
}

// ForgetText lets go of the client's text; offsets stay.
func (t *Track) ForgetText() {
	for i := range t.Words {
		t.Words[i].Text = ""
	}
	for _, p := range t.Pieces {
		for i := range p.Beats {
			p.Beats[i].Text = ""
		}
	}
}

// Ripe returns the words not yet announced whose audio has been queued up to their end.
func (t *Track) Ripe() []text.Timed {
	from := t.announced
	for t.announced < len(t.Words) && t.Words[t.announced].End <= t.Samples {
		t.announced++
	}
	return t.Words[from:t.announced]
}

// Reached is how far into the text the audio up to pos goes: to the end of the last word heard whole.
func (t *Track) Reached(pos int64) Spoken {
	word, covered := t.lastWord(pos)
	segment, at := t.lastSegment(pos)
	if covered {
		return Spoken{Char: max(word, segment), Source: SourceWords}
	}
	if at >= 0 && pos-at <= audio.Samples(segmentSlack, t.Rate) && segment >= word {
		return Spoken{Char: segment, Source: SourceSegment}
	}
	return Spoken{Char: t.estimate(pos), Source: SourceEstimate}
}

// lastWord is the end of the last word heard whole by pos, and whether word times reach that far: a later
// word is known, or the last one ends just there, or it is the last of the text that was ordered.
func (t *Track) lastWord(pos int64) (char int, covered bool) {
	i := sort.Search(len(t.Words), func(i int) bool { return t.Words[i].End > pos })
	if i > 0 {
		char = t.Words[i-1].Token.End
	} else if len(t.Words) > 0 {
		char = min(t.Words[0].Token.Start, t.firstChar())
	}
	if i < len(t.Words) {
		return char, true
	}
	if i == 0 {
		return char, false
	}
	return char, char >= t.lastToken() || pos-t.Words[i-1].End <= audio.Samples(segmentSlack, t.Rate)
}

// lastToken is where the last word of all pieces ends.
func (t *Track) lastToken() int {
	for _, p := range slices.Backward(t.Pieces) {
		if n := len(p.Beats); n > 0 {
			return p.Beats[n-1].End
		}
	}
	return 0
}

// lastSegment is the end of the last piece whose audio ends by pos, and where; -1: there is none.
func (t *Track) lastSegment(pos int64) (char int, at int64) {
	slack := audio.Samples(segmentSlack, t.Rate)
	char, at = t.firstChar(), -1
	for _, p := range t.Pieces {
		if p.at < 0 || p.at > pos+slack {
			break
		}
		char, at = p.end, p.at
	}
	return char, at
}

// estimate goes on from the last evidence at the pace so far, back to the end of a whole word.
func (t *Track) estimate(pos int64) int {
	char, at := t.lastEvidence(pos)
	guess := char + int(t.pace()*float64(pos-at))
	reached := char
	for _, p := range t.Pieces {
		for _, beat := range p.Beats {
			if beat.End > guess {
				return reached
			}
			reached = max(reached, beat.End)
		}
	}
	return reached
}

// lastEvidence is the last place in the text that is known to be reached by pos, and where its audio ends.
func (t *Track) lastEvidence(pos int64) (char int, at int64) {
	char, at = t.lastSegment(pos)
	if word, _ := t.lastWord(pos); word > char {
		i := sort.Search(len(t.Words), func(i int) bool { return t.Words[i].End > pos })
		char, at = word, t.Words[i-1].End
	}
	return char, max(at, 0)
}

// pace is the characters a sample of the pieces that are through, or the common rate before there are any.
func (t *Track) pace() float64 {
	char, at := t.lastSegment(t.Samples)
	if at <= 0 || char <= t.firstChar() {
		return billing.CharactersPerSecond / float64(t.Rate)
	}
	return float64(char-t.firstChar()) / float64(at)
}

func (t *Track) firstChar() int {
	if len(t.Pieces) == 0 {
		return 0
	}
	return t.Pieces[0].start
}

// ToldTo is how far into the text the client was told of words, and where in the audio the last of them ends.
func (t *Track) ToldTo() (char int, at int64) {
	char = t.Untold
	if t.announced > 0 {
		last := t.Words[t.announced-1]
		char, at = max(char, last.Token.End), last.End
	}
	return char, at
}
