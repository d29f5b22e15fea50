package rig

import (
	"encoding/binary"
	"strings"
	"testing"

	"voicerelay/upstream/emulator/voice"
)

const (
	judgedText = "the quick brown fox jumps over a lazy dog"
	judgedRate = 16000
)

// bytesOf are samples as clients get them.
func bytesOf(pcm []int16) (data []byte) {
	for _, v := range pcm {
		data = binary.LittleEndian.AppendUint16(data, uint16(v))
	}
	return data
}

// spokenWords are the times of the words as a right client tells them.
func spokenWords(spoken voice.Spoken) (words []Word) {
	for _, w := range spoken.Words {
		words = append(words, Word{Text: w.Text + " ", Start: w.Start.Seconds(), End: w.End.Seconds()})
	}
	return words
}

// at is the sample at which a word begins.
func at(spoken voice.Spoken, word int) int {
	return int(spoken.Words[word].Start.Seconds() * judgedRate)
}

func TestAudioIsJudged(t *testing.T) {
	spoken := voice.Speak(judgedText, seed, judgedRate, 1)
	whole := bytesOf(spoken.PCM)
	middle := 2 * (at(spoken, 3) + (at(spoken, 4)-at(spoken, 3))/3)
	late := 2 * (at(spoken, 4) - int(0.06*judgedRate)) // before the pause after the word, and some more
	for name, tt := range map[string]struct {
		audio        []byte
		cuts         int
		says, begins string // parts of what is wrong; empty: nothing
	}{
		"whole":        {whole, 0, "", "want the beginning"},
		"nothing":      {nil, 0, "heard []", ""},
		"half a frame": {whole[1:], 0, "no 16-bit samples", "no 16-bit samples"},
		"one missing":  {append(whole[:2*at(spoken, 3):2*at(spoken, 3)], whole[2*at(spoken, 4):]...), 0, "heard", "want the beginning"},
		"one twice":    {append(whole[:2*at(spoken, 4):2*at(spoken, 4)], whole[2*at(spoken, 3):]...), 0, "heard", "want the beginning"},
		"interrupted":  {whole[:middle], 0, "heard", ""},
		"a cut":        {cutAt(whole, middle, 2*at(spoken, 3)), 0, `"?"`, "want the beginning"},
		"a late cut":   {cutAt(whole, late, 2*at(spoken, 3)), 0, "heard", "want the beginning"},
		"late allowed": {cutAt(whole, late, 2*at(spoken, 3)), 1, "", "want the beginning"},
		"twice at cut": {append(whole[:2*at(spoken, 4):2*at(spoken, 4)], whole[2*at(spoken, 3):]...), 1, "heard", "want the beginning"},
		"allowed cut":  {cutAt(whole, middle, 2*at(spoken, 3)), 1, "", "want the beginning"},
	} {
		turn := &Turn{Audio: tt.audio, Cuts: tt.cuts}
		check(t, name+", says", turn.says(judgedRate, judgedText), tt.says)
		check(t, name+", begins", turn.begins(judgedRate, judgedText), tt.begins)
	}
}

// cutAt breaks audio off within a word, and goes on with a pause and from an earlier place.
func cutAt(audio []byte, end, next int) (cut []byte) {
	cut = append(cut, audio[:end]...)
	cut = append(cut, make([]byte, 2*judgedRate/10)...)
	return append(cut, audio[next:]...)
}

func check(t *testing.T, name string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want %q", name, err, want)
	}
}

func TestWordTimesAreJudged(t *testing.T) {
	spoken := voice.Speak(judgedText, seed, judgedRate, 1)
	right := func() []Word { return spokenWords(spoken) }
	for name, tt := range map[string]struct {
		change func(words []Word) []Word
		want   string
	}{
		"right":     {func(words []Word) []Word { return words }, ""},
		"joined":    {join, ""},
		"a bit off": {func(words []Word) []Word { words[3].Start += 0.07; return words }, ""},
		"far off":   {func(words []Word) []Word { words[3].Start += 0.09; return words }, "is heard from"},
		"missing":   {func(words []Word) []Word { return words[1:] }, "have times, want"},
		"twice":     {func(words []Word) []Word { return append(words, words[0]) }, "have times, want"},
		"back": {func(words []Word) []Word {
			words[3].Start, words[4].Start = words[4].Start, words[3].Start
			return words
		}, "go back"},
		"end before": {func(words []Word) []Word { words[3].End = words[3].Start - 0.01; return words }, "go back"},
		"other word": {func(words []Word) []Word { words[3].Text = "cat"; return words }, "have times, want"},
		"none":       {func([]Word) []Word { return nil }, "have times, want"},
	} {
		turn := &Turn{Audio: bytesOf(spoken.PCM), Words: tt.change(right())}
		_, err := turn.times(judgedRate, judgedText)
		check(t, name, err, tt.want)
	}
}

// join has the first two words told as one, which begins with the first.
func join(words []Word) []Word {
	words[1].Text, words[1].Start = words[0].Text+words[1].Text, words[0].Start
	return words[1:]
}

func TestWhatProgramsPrintIsRead(t *testing.T) {
	told, err := read(strings.NewReader(strings.Join([]string{
		`a library's own line`,
		`{"at": 0.5, "id": "t1", "audio": "AAEC"}`,
		`{"level": 30, "msg": "well"}`,
		`{"level": 40, "msg": "not well"}`,
		`{"at": 0.7, "id": "t1", "words": [{"text": "a", "start": 0.1, "end": 0.2}]}`,
		`{"at": 0.8, "id": "t2", "error": {"type": "E", "message": "m", "status": 429}}`,
		`{"at": 0.9, "id": "t1", "ended": true}`,
		`{"at": 1, "note": 7}`,
	}, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	turn := told.Whole(t, "t1")
	if len(turn.Audio) != 3 || turn.First != 0.5 || turn.Last != 0.5 || len(turn.Words) != 1 {
		t.Errorf("got %+v", turn)
	}
	if failed := told.Failed(t, "t2"); failed != (Error{Type: "E", Message: "m", Status: 429}) {
		t.Errorf("got %+v", failed)
	}
	if notes := told.Notes(); len(notes) != 1 || notes[0] != 7.0 {
		t.Errorf("got %v", notes)
	}
	if logs := told.logged(); len(logs) != 1 || !strings.Contains(logs[0].Text, "not well") {
		t.Errorf("got %+v, want one", logs)
	}
	if logs := told.logged("not well"); len(logs) != 0 {
		t.Errorf("got %+v, want none but what is excepted", logs)
	}
}
