package matrix

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// Bounds of what a takeover may do to real speech, beside the same sentence spoken by one voice. Where words stand in it
// the emulators only guess by their letters, and a voice that begins in the middle of a sentence speaks it a little
// differently.
const (
	leastLength = 0.98 // of the whole: below, even a short word is missing
	mostLength  = 1.3  // two words are said again, and the new voice begins with a little silence
	mostSilence = 200 * time.Millisecond
)

// The same with real speech, for a sample, judged by how long it is and how long it is silent.
func TestRealSpeech(t *testing.T) {
	if !voice.HasEspeak() {
		t.Skip("espeak-ng is not installed")
	}
	all := vendors()
	for n, first := range all {
		second := all[(n+1+n%(len(all)-1))%len(all)]
		first.speech, second.speech = true, true
		kind := []emulator.FaultKind{emulator.Stall, emulator.Drop, emulator.ErrorFrame, emulator.Garbage}[n%4]
		share := []float64{0.3, 0.5, 0.7}[n%3]
		if raceEnabled && n%5 != 0 {
			continue
		}
		t.Run(fmt.Sprintf("%s to %s, %s after %v", first.name, second.name, kind, share), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playSpeech(t, first, second, kind, share) })
		})
	}
}

func playSpeech(t *testing.T, first, second vendor, kind emulator.FaultKind, share float64) {
	r := newRig(t, []vendor{first, second}, longPatience)
	whole := r.rehearse()
	length := audio.Duration(int64(len(whole.pcm)), rate)
	r.emulators[0].SetFault(emulator.Fault{Kind: kind, Name: cmp.Or(first.failed, "INTERNAL_ERROR"), After: time.Duration(share * float64(length))})
	u := r.speak("broken")
	if u.reason != "completed" || len(u.rerouted) != 1 {
		t.Fatalf("ended %s, rerouted %+v: %+v", u.reason, u.rerouted, u.attempts)
	}
	got := audio.Duration(int64(len(u.pcm)), rate)
	t.Logf("resumed at %q; %v of speech where one voice takes %v; silent for at most %v, where that is for %v; by %s", sentence[u.rerouted[0].Char:],
		got, length, longestSilence(u.pcm), longestSilence(whole.pcm), u.rerouted[0].Source)
	// A takeover at a pause leaves that out.
	spoken, usually := got-longestSilence(u.pcm), length-longestSilence(whole.pcm)
	if ratio := float64(spoken) / float64(usually); ratio < leastLength || ratio > mostLength {
		t.Errorf("%v of speech where one voice takes %v: words are missing, or said too often", got, length)
	}
	if silence, usual := longestSilence(u.pcm), longestSilence(whole.pcm); silence > usual+mostSilence {
		t.Errorf("silent for %v within the speech, where one voice is for %v", silence, usual)
	}
}

// longestSilence is that between two sounds.
func longestSilence(pcm []int16) time.Duration {
	ear := audio.NewSilenceDetector(audio.Format{Encoding: audio.PCM16, Rate: rate})
	raw := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	ear.Hear(raw)
	longest, sounds := int64(0), ear.Sounds()
	for i := 1; i < len(sounds); i++ {
		longest = max(longest, sounds[i].Start-sounds[i-1].End)
	}
	return audio.Duration(longest, rate)
}
