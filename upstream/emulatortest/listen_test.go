package emulatortest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/emulator/voice"
	"voicerelay/upstream/upstreamtest"
)

// complaints is a test that keeps what it is told.
type complaints struct {
	testing.TB
	told []string
}

func (c *complaints) Helper()                      {}
func (c *complaints) Error(args ...any)            { c.told = append(c.told, fmt.Sprint(args...)) }
func (c *complaints) Errorf(f string, args ...any) { c.told = append(c.told, fmt.Sprintf(f, args...)) }

var pcm = audio.Format{Encoding: audio.PCM16, Rate: 24000}

// spoken is a whole speech of the sentences, with the times of its words.
func spoken() upstreamtest.Heard {
	h := upstreamtest.Heard{Format: pcm, Pieces: []int{0, 1, 2}}
	for piece, sentence := range Sentences() {
		at := audio.Duration(int64(len(h.Audio)/2), pcm.Rate)
		speech := voice.Speak(sentence, 1, pcm.Rate, 1)
		for _, sample := range speech.PCM {
			h.Audio = append(h.Audio, byte(sample), byte(sample>>8))
		}
		for _, w := range speech.Words {
			h.Words = append(h.Words, upstream.Word{Text: w.Text, Piece: piece, Start: at + w.Start, End: at + w.End})
		}
	}
	return h
}

func TestTheListenerComplains(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(h *upstreamtest.Heard)
		want  string // empty: there is nothing to complain about
	}{
		"of nothing":        {func(*upstreamtest.Heard) {}, ""},
		"of half the words": {func(h *upstreamtest.Heard) { h.Audio = h.Audio[:len(h.Audio)/4*2] }, "heard"},
		"of silence":        {func(h *upstreamtest.Heard) { h.Audio = nil }, "heard"},
		"of a failure":      {func(h *upstreamtest.Heard) { h.Err = errors.New("failed") }, "End: failed"},
		"of a piece":        {func(h *upstreamtest.Heard) { h.Pieces = h.Pieces[:2] }, "piece ends"},
		"of the format":     {func(h *upstreamtest.Heard) { h.Format.Rate = 48000 }, "want the nearest"},
		"of a charge":       {func(h *upstreamtest.Heard) { h.Usage.Charge = upstream.Charge{Decimal: "1", Currency: "EUR"} }, "charge"},
		"of a time too few": {func(h *upstreamtest.Heard) { h.Words = h.Words[1:] }, "want those of"},
		"of a late time":    {func(h *upstreamtest.Heard) { h.Words[2].Start += time.Second; h.Words[2].End += time.Second }, "one hears"},
		"of a piece's word": {func(h *upstreamtest.Heard) { h.Words[0].Piece = 1 }, "said to be of piece 1"},
		"of no such piece":  {func(h *upstreamtest.Heard) { h.Words[0].Piece = 3 }, "said to be of piece 3"},
	} {
		t.Run(name, func(t *testing.T) {
			test, h := &complaints{TB: t}, spoken()
			c.spoil(&h)
			r := &Rig{TB: test}
			r.WantWhole(h, pcm, pcm)
			r.WantTimes(h, Sentences()...)
			if told := strings.Join(test.told, "\n"); !strings.Contains(told, c.want) || (told == "") != (c.want == "") {
				t.Errorf("told %q, want %q", told, c.want)
			}
		})
	}
}

func TestKindsAreTold(t *testing.T) {
	for name, err := range map[string]error{
		"no error": nil, "any error": errors.New("failed"), "another kind": &upstream.Error{Kind: upstream.Dropped},
	} {
		test := &complaints{TB: t}
		(&Rig{TB: test}).WantKind(err, upstream.UpstreamError)
		if len(test.told) != 1 {
			t.Errorf("%s: told %q, want a complaint", name, test.told)
		}
	}
}
