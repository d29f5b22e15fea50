package rig

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/voice"
)

// near is how far a word's time may be from where the word is in the audio.
const near = 80 * time.Millisecond

// Turn is what a program has told of one turn.
type Turn struct {
	ID    string
	Audio []byte // all of it, in order
	Words []Word
	Ended bool // without an error
	Error *Error
	// First and Last are when its first and its last audio came, in seconds since the program began; 0: none came.
	First, Last float64
	// Cuts is how many words may be heard cut off, before they are repeated: a vendor that breaks in a word leaves one, in the caller's
	// ear before the relay knows.
	Cuts int
}

// Turn collects what was told of one turn. A turn of which nothing was told is empty.
func (told *Told) Turn(id string) *Turn {
	turn := &Turn{ID: id}
	for _, line := range told.Lines {
		if line.ID != id {
			continue
		}
		if len(line.Audio) > 0 {
			turn.Audio = append(turn.Audio, line.Audio...)
			turn.Last = line.At
			if turn.First == 0 {
				turn.First = line.At
			}
		}
		turn.Words = append(turn.Words, line.Words...)
		turn.Ended = turn.Ended || line.Ended
		if line.Error != nil && turn.Error == nil {
			turn.Error = line.Error
		}
	}
	return turn
}

// Only is the turn of a program that has one, which must have ended without an error.
func (told *Told) Only(t *testing.T) *Turn {
	t.Helper()
	return told.Whole(t, "")
}

// Whole is a turn that must have ended without an error.
func (told *Told) Whole(t *testing.T, id string) *Turn {
	t.Helper()
	turn := told.Turn(id)
	if !turn.Ended || turn.Error != nil {
		t.Errorf("turn %q: to its end %t, error %+v; the program told:\n%s", id, turn.Ended, turn.Error, told.excerpt())
	}
	return turn
}

// Failed is the error of a turn, which must have one.
func (told *Told) Failed(t *testing.T, id string) Error {
	t.Helper()
	turn := told.Turn(id)
	if turn.Error == nil {
		t.Fatalf("turn %q did not fail; the program told:\n%s", id, told.excerpt())
	}
	return *turn.Error
}

// Quiet wants nothing at warning or above in the log of the program's libraries, but for lines that have one of the texts.
func (told *Told) Quiet(t *testing.T, but ...string) {
	t.Helper()
	for _, log := range told.logged(but...) {
		t.Errorf("the client logged %+v", log)
	}
}

// logged is what the program's libraries have logged.
func (told *Told) logged(but ...string) (all []Log) {
	for _, line := range told.Lines {
		if line.Log != nil && !slices.ContainsFunc(but, func(text string) bool { return strings.Contains(line.Log.Text, text) }) {
			all = append(all, *line.Log)
		}
	}
	return all
}

// Notes are what was told beside turns.
func (told *Told) Notes() (all []any) {
	for _, line := range told.Lines {
		if line.Note != nil {
			all = append(all, line.Note)
		}
	}
	return all
}

// Says wants the turn's audio, 16-bit samples at a rate in hertz, to be the words of a text: all of them, in order, each once.
func (turn *Turn) Says(t *testing.T, rate int, text string) {
	t.Helper()
	if err := turn.says(rate, text); err != nil {
		t.Errorf("turn %q: %v", turn.ID, err)
	}
}

// Begins wants the turn's audio to be the first words of a text, and not all of them: it was interrupted. What was cut off in a
// word may be no word.
func (turn *Turn) Begins(t *testing.T, rate int, text string) {
	t.Helper()
	if err := turn.begins(rate, text); err != nil {
		t.Errorf("turn %q: %v", turn.ID, err)
	}
}

// Timed wants the turn's words to be those of a text, with times that go forward and are where the words are in the audio.
func (turn *Turn) Timed(t *testing.T, rate int, text string) {
	t.Helper()
	if _, err := turn.times(rate, text); err != nil {
		t.Errorf("turn %q: %v", turn.ID, err)
	}
}

// Samples decodes the turn's audio, such as mp3, flac or opus, to 16-bit samples at a rate, by ffmpeg. Where it is not
// installed the test is skipped.
func (turn *Turn) Samples(t *testing.T, rate int) *Turn {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	command := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", strconv.Itoa(rate), "pipe:1")
	command.Stdin = strings.NewReader(string(turn.Audio))
	samples, err := command.Output()
	if err != nil {
		var failed *exec.ExitError
		errors.As(err, &failed)
		t.Fatalf("turn %q: ffmpeg: %v\n%s", turn.ID, err, failed.Stderr)
	}
	decoded := *turn
	decoded.Audio = samples
	return &decoded
}

// listen finds the words of a text in the turn's audio, without those that may be cut off.
func (turn *Turn) listen(rate int, text string) ([]voice.WordTime, error) {
	found, _, err := turn.sift(rate, text)
	return found, err
}

// sift is listen, and says how many words were cut off.
func (turn *Turn) sift(rate int, text string) (kept []voice.WordTime, cuts int, err error) {
	if len(turn.Audio)%2 != 0 {
		return nil, 0, fmt.Errorf("%d bytes are no 16-bit samples", len(turn.Audio))
	}
	pcm := make([]int16, len(turn.Audio)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(turn.Audio[2*i:]))
	}
	found, err := voice.Locate(pcm, rate, voice.Words(text))
	for i, w := range found {
		// One that is cut near its end is heard as itself, and then once more.
		again := i+1 < len(found) && found[i+1].Text == w.Text && voice.Broken(pcm, rate, w)
		if cuts < turn.Cuts && (w.Text == voice.Unknown || again) {
			cuts++
			continue
		}
		kept = append(kept, w)
	}
	return kept, cuts, err
}

func textsOf(found []voice.WordTime) []string {
	words := []string{}
	for _, w := range found {
		words = append(words, w.Text)
	}
	return words
}

func (turn *Turn) says(rate int, text string) error {
	found, err := turn.listen(rate, text)
	if err != nil {
		return err
	}
	if got, want := textsOf(found), voice.Words(text); !slices.EqualFunc(got, want, strings.EqualFold) {
		return fmt.Errorf("heard %q, want %q", got, want)
	}
	return nil
}

func (turn *Turn) begins(rate int, text string) error {
	found, err := turn.listen(rate, text)
	if err != nil {
		return err
	}
	got, want := textsOf(found), voice.Words(text)
	if n := len(got); n > 0 && got[n-1] == voice.Unknown {
		got = got[:n-1]
	}
	if len(got) >= len(want) || !slices.EqualFunc(got, want[:len(got)], strings.EqualFold) {
		return fmt.Errorf("heard %q, want the beginning of %q", got, want)
	}
	return nil
}

// times checks the turn's times of words, and says how far the farthest is from its word.
func (turn *Turn) times(rate int, text string) (farthest time.Duration, err error) {
	found, err := turn.listen(rate, text)
	if err != nil {
		return 0, err
	}
	spelled, times := spell(turn.Words)
	if want := voice.Words(text); !slices.EqualFunc(spelled, want, strings.EqualFold) {
		return 0, fmt.Errorf("the words %q have times, want %q", spelled, want)
	}
	if len(found) != len(times) {
		return 0, fmt.Errorf("heard %q, which are not the words that have times: %q", textsOf(found), spelled)
	}
	last := &Word{}
	for i, word := range times {
		if word == last {
			continue // of a number, or the like, that is said in several words
		}
		switch off := (seconds(word.Start) - found[i].Start).Abs(); {
		case word.Start < last.Start || word.End < word.Start || word.End < last.End:
			return farthest, fmt.Errorf("the times go back at word %d: %+v after %+v", i, *word, *last)
		case off > near:
			return off, fmt.Errorf("word %d: %+v, but it is heard from %v to %v", i, *word, found[i].Start, found[i].End)
		default:
			farthest = max(farthest, off)
		}
		last = word
	}
	return farthest, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// spell is what is said of words that a client has told, each with the word that it is from.
func spell(words []Word) (spelled []string, from []*Word) {
	for i, word := range words {
		for _, said := range voice.Words(word.Text) {
			spelled, from = append(spelled, said), append(from, &words[i])
		}
	}
	return spelled, from
}
