package client

import (
	"errors"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// mostKept bounds the text that is kept to be sent again, as long as nothing of it was heard. In bytes; a relay takes no
// larger message by default.
const mostKept = 256 << 10

// Append adds text to an open speech, as it is: mind the spaces. Between two connections it is kept and goes with the
// rest. An error may also be the relay's refusal of an earlier part, which left all others undisturbed.
func (s *Speech) Append(text string) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.appendLocked(text)
}

func (s *Speech) appendLocked(text string) error {
	if err := s.refusesText(); err != nil {
		return err
	}
	if text == "" {
		return nil
	}
	if s.heard.Load() {
		s.text.Reset() // it is never sent again
	} else if s.text.Len()+len(text) > mostKept {
		return textTooLong(mostKept)
	}
	if err := s.sendLocked(&protocol.Append{GenerationID: s.request.ID, Text: text}); err != nil {
		return err
	}
	if !s.heard.Load() {
		s.text.WriteString(text)
	}
	s.flushed = false
	return nil
}

// Write is Append of bytes; what is no whole character yet waits for the rest. It makes a speech an io.Writer, for
// io.Copy and fmt.Fprint.
func (s *Speech) Write(p []byte) (int, error) {
	s.sending.Lock()
	defer s.sending.Unlock()
	text := append(s.partial, p...)
	whole := wholeRunes(text)
	if err := s.appendLocked(string(text[:whole])); err != nil {
		return 0, err
	}
	s.partial = append([]byte(nil), text[whole:]...)
	return len(p), nil
}

// wholeRunes is the length of the part of b that does not end within a character.
func wholeRunes(b []byte) int {
	for cut := 1; cut < utf8.UTFMax && cut <= len(b); cut++ {
		if tail := b[len(b)-cut:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return len(b)
			}
			return len(b) - cut
		}
	}
	return len(b)
}

// Flush has all text so far spoken now.
func (s *Speech) Flush() error {
	s.sending.Lock()
	defer s.sending.Unlock()
	if err := s.refusesText(); err != nil {
		return err
	}
	s.flushed = true
	return s.sendLocked(&protocol.Flush{GenerationID: s.request.ID})
}

// Finish says that no more text comes.
func (s *Speech) Finish() error {
	s.sending.Lock()
	defer s.sending.Unlock()
	if err := s.refusesText(); err != nil {
		return err
	}
	s.finished = true
	return s.sendLocked(&protocol.Finish{GenerationID: s.request.ID})
}

// refusesText is why the speech takes no text. Its caller holds sending.
func (s *Speech) refusesText() error {
	if e := s.refusal.Swap(nil); e != nil {
		return e
	}
	switch {
	case s.finished:
		return ErrFinished
	case s.isEnded():
		if err := s.failure(); err != nil {
			return err
		}
		return ErrEnded
	}
	return nil
}

// sendLocked sends a command of the speech's. While nothing was heard a broken connection is no error: the next one
// gets the whole text. Afterwards the speech ends with it.
func (s *Speech) sendLocked(cmd protocol.Command) error {
	if s.link == nil {
		return nil
	}
	err := s.link.send(cmd)
	var refused *protocol.Error
	if errors.As(err, &refused) || err != nil && s.heard.Load() {
		return err
	}
	return nil
}

// feed appends text as it comes, and finishes.
func (s *Speech) feed(text iter.Seq2[string, error]) {
	for part, err := range text {
		if err == nil {
			err = s.Append(part)
		}
		if s.isEnded() {
			return
		}
		if err != nil {
			s.abandon(err)
			return
		}
	}
	_ = s.Finish() // it fails where the speech has ended, which its range tells
}

// repeatable reports whether the speech may be sent on another connection: nothing of it was heard, and the program
// wants to.
func (s *Speech) repeatable() bool { return !s.heard.Load() && !s.isLeft() && !s.isEnded() }

// sends is how often the speech was sent.
func (s *Speech) sends() int {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.sent
}

// mayRetry reports whether a speech that was sent again is worth another try.
func (s *Speech) mayRetry(patience time.Duration) bool {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.sent > 1 && time.Since(s.resentAt) < patience && s.repeatable()
}
