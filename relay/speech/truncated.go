package speech

import (
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// When speech counts as truncated though its vendor says that it is complete. Only texts of enough words are judged, since a
// short text's time varies too much, and only audio far shorter than the voice usually needs.
const (
	fewestJudged = 5   // words
	fewestHeard  = 2   // pieces after which the voice's usual time is known
	leastShare   = 0.5 // of the usual time
	countedShare = 0.8 // of it, if fewer words were counted as well
	oddShare     = 0.6 // of the usual time, if the word times could not be true: they may have been squeezed into what there is
	leastTold    = 0.7 // of the text's weight that word times cover, if they cover any, and that the audio covers by them
)

// truncated reports whether the pieces' speech ended long before their text. Word times show it if there are any. Else
// it is judged by the time that the voice usually takes, and by the number of sounds for a voice whose sounds are its words.
func (s *Speech) truncated(pieces []orderedPiece) bool {
	var beats []text.Beat
	for _, p := range pieces {
		beats = append(beats, p.Beats()...)
	}
	if len(beats) < fewestJudged || s.align.track == nil {
		return false
	}
	h := s.cfg.Voices.Of(s.cfg.Voice)
	rate := s.cfg.Output.Rate
	from, to := audio.Samples(s.orders.pieceFrom, rate), audio.Samples(s.Audio(), rate)
	expected := position.HeardUnits(beats) * float64(h.Unit) / s.cfg.speed()
	got := float64(audio.Duration(to-from, rate)) / expected
	switch last := &pieces[len(pieces)-1]; {
	case last.timed:
		return s.untold(beats, s.align.base+from, s.align.base+to) || got < leastTold && s.unheard(beats, s.align.base+to)
	case last.implausible && got < oddShare:
		return true
	}
	if s.align.detector == nil || h.Pieces < fewestHeard {
		return false
	}
	if got < leastShare {
		return true
	}
	if h.Counts < position.CountsAfter || position.HasDigits(beats) || got >= countedShare || len(position.Within(s.align.detector.Sounds(), from, to, rate)) >= len(beats) {
		return false
	}
	s.cfg.Voices.Doubt(s.cfg.Voice)
	return true
}

// untold reports whether word times stop long before the text does, and the audio with them: vendors may leave out
// times, but not audio.
func (s *Speech) untold(beats []text.Beat, from, to int64) bool {
	char, at := -1, from
	for _, w := range s.align.track.Words {
		if w.Start >= from && w.Token.Start >= beats[0].Start {
			char, at = w.Token.End, w.End
		}
	}
	told := beats
	for len(told) > 0 && told[len(told)-1].End > char {
		told = told[:len(told)-1]
	}
	if len(told) == 0 || position.Units(told) >= leastTold*position.Units(beats) {
		return false
	}
	unit := float64(audio.Duration(at-from, s.cfg.Output.Rate)) / position.Units(told)
	rest := unit * position.Units(beats[len(told):])
	return float64(audio.Duration(max(0, to-at), s.cfg.Output.Rate)) < leastShare*rest
}

// unheard reports whether many words are told to begin after all audio: some vendors tell a text's times before they speak it. Times
// that are wrong may do so too, so it is for the caller to see that the audio is short for its text.
func (s *Speech) unheard(beats []text.Beat, to int64) bool {
	for _, w := range s.align.track.Words {
		if w.Token.Start < beats[0].Start || w.Start < to {
			continue
		}
		heard := beats
		for len(heard) > 0 && heard[len(heard)-1].End > w.Token.Start {
			heard = heard[:len(heard)-1]
		}
		return position.Units(heard) < leastTold*position.Units(beats)
	}
	return false
}

// Verdict judges a normal end of the stream; nil: all of the text was spoken.
func (s *Speech) Verdict() error {
	o := &s.orders
	if !o.lastSent {
		return &upstream.Error{Kind: upstream.Dropped, Message: "the stream ended before the text"}
	}
	if o.isAllDelivered() {
		return nil // each was judged at its own end
	}
	return s.pieceVerdict(len(o.pieces) - 1)
}

// speechVerdict judges audio that came for pieces: none, or far too little, is a failure though the vendor reports success. A
// text with nothing to speak, as "…", never fails.
func (o *orders) speechVerdict(pieces []orderedPiece, got time.Duration) error {
	least := time.Duration(0)
	for _, p := range pieces {
		least += o.shortestSpeech(p.Text)
	}
	switch {
	case least > 0 && got == 0:
		return &upstream.Error{Kind: upstream.NoAudio, Message: "a normal end without audio"}
	case got < least:
		return &upstream.Error{Kind: upstream.ShortAudio, Message: "a normal end with far too little audio"}
	}
	return nil
}

// pieceVerdict judges the audio for the pieces up to id that are not delivered yet.
func (s *Speech) pieceVerdict(id int) error {
	o := &s.orders
	pieces := o.pieces[o.delivered : id+1]
	if err := o.speechVerdict(pieces, s.Audio()-o.pieceFrom); err != nil {
		return err
	}
	if s.truncated(pieces) {
		return &upstream.Error{Kind: upstream.ShortAudio, Message: "a normal end in the middle of the text"}
	}
	return nil
}
