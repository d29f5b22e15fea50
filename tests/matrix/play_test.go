package matrix

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
)

// rehearsals are generations before the one that breaks, from which the relay learns how the voice speaks.
const rehearsals = 3

// result is how a case went.
type result struct {
	scenario
	err              error
	missing, doubled int // words
	cut              int // sounds that are no word: one that broke off in the middle
	source           string
	reason           string
	gap              time.Duration
}

// play plays a case.
func play(t *testing.T, s scenario, ends []time.Duration) result {
	r := newRig(t, []vendor{s.first, s.second}, s.fault.patience)
	r.rehearse()
	r.emulators[0].SetFault(s.breaks(ends))
	return judge(s, r.speak("broken"))
}

// rehearse has the first vendor speak without a fault, and returns what was heard last.
func (r *rig) rehearse() (last *utterance) {
	r.t.Helper()
	for i := range rehearsals {
		last = r.speak(fmt.Sprint("rehearsal", i))
		if last.reason != "completed" || len(last.attempts) != 1 {
			r.t.Fatalf("a healthy vendor's generation ended %s: %+v", last.reason, last.attempts)
		}
	}
	return last
}

// listen hears a vendor without a fault, and returns when its words end.
func listen(t *testing.T, v vendor) []time.Duration {
	ends := wordEnds(newRig(t, []vendor{v}, longPatience).rehearse().pcm)
	if got, want := len(ends), len(voice.Words(sentence)); got != want {
		t.Fatalf("heard %d words, want %d", got, want)
	}
	return ends
}

func wordEnds(pcm []int16) []time.Duration {
	ear := audio.NewSilenceDetector(audio.Format{Encoding: audio.PCM16, Rate: rate})
	raw := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	ear.Hear(raw)
	var ends []time.Duration
	for _, s := range ear.Sounds() {
		ends = append(ends, audio.Duration(s.End, rate))
	}
	return ends
}

// judge counts the words that the caller missed, or heard twice.
func judge(s scenario, u *utterance) result {
	r := result{scenario: s, gap: u.gaps}
	if u.reason != "completed" {
		r.err = fmt.Errorf("ended %s: %+v", u.reason, u.attempts)
		return r
	}
	if n := len(u.rerouted); n > 0 {
		r.source, r.reason = u.rerouted[n-1].Source, u.rerouted[n-1].Reason
	}
	heard, err := u.words()
	if err != nil {
		r.err = err
		return r
	}
	r.cut = len(heard)
	heard = slices.DeleteFunc(heard, func(w string) bool { return w == voice.Unknown })
	r.cut -= len(heard)
	next := 0 // word expected
	want := voice.Words(sentence)
	for _, w := range heard {
		at := slices.IndexFunc(want, func(x string) bool { return strings.EqualFold(x, w) })
		switch {
		case at < next:
			r.doubled++
		default:
			r.missing += at - next
			next = at + 1
		}
	}
	r.missing += len(want) - next
	return r
}

// fails reports whether the case broke a promise: it completes, and no word is missing; with word times none is doubled
// either.
func (r result) fails() bool {
	return r.err != nil || r.missing > 0 || r.source == "word_times" && r.doubled > 0
}
