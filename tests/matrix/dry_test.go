package matrix

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator"
)

// A moment is a vendor that stops in mid-speech beside a backup of a certain quickness.
type moment struct {
	first, second vendor
	kind          emulator.FaultKind
	after         int // words
}

func (m moment) String() string {
	return fmt.Sprintf("%s to %s in %v, %s after word %d", m.first.name, m.second.name, m.second.firstAudio, m.kind, m.after)
}

// moments has each vendor stall and drop, early and late, beside backups from quick to slow: of the whole beside all three of them.
func moments() []moment {
	var all []moment
	vs := vendors()
	for i, first := range vs {
		for _, kind := range []emulator.FaultKind{emulator.Stall, emulator.Drop} {
			for _, after := range []int{2, 4, 6, 9} {
				for j, takes := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond} {
					if !*whole && (i+after/2+j)%3 != 0 {
						continue
					}
					second := vs[(i+1+j)%len(vs)]
					if second.holds { // its first audio is not as quick as it is told to be
						second = vs[(i+2+j)%len(vs)]
					}
					second.firstAudio = takes
					all = append(all, moment{first, second, kind, after})
				}
			}
		}
	}
	return all
}

// What a takeover takes besides the backup's first audio: noticing that a vendor is silent, and a frame's time on
// either side of it.
const (
	noticing = 250 * time.Millisecond
	slack    = 2 * chunk / pace
)

// fits reports whether the backup's first audio fits into the audio that the caller has in hand when the vendor stops.
func (m moment) fits(at time.Duration) bool {
	hand := at - at/pace
	needs := m.second.firstAudio + slack
	if m.kind == emulator.Stall {
		needs += noticing
	}
	return hand >= needs
}

// outlook is what can be expected, in the table's words.
func (m moment) outlook(fits bool) string {
	what := map[emulator.FaultKind]string{emulator.Stall: "stalled", emulator.Drop: "dropped"}[m.kind]
	if fits {
		return what + "; the backup's first audio fits"
	}
	return what + "; it does not fit"
}

// Playback never runs dry where the backup's first audio fits into what the caller has in hand.
func TestPlaybackRunsDryOnlyWhereItMust(t *testing.T) {
	ends := rehearsed(t)
	gaps := map[string][]time.Duration{} // by kind, and whether it fits
	for i, m := range moments() {
		if raceEnabled && i%13 != 0 {
			continue
		}
		at := ends[m.first.name][m.after-1] + betweenWords
		t.Run(m.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := m.play(t, at)
				fits := m.fits(at)
				key := m.outlook(fits)
				gaps[key] = append(gaps[key], u.gaps)
				if fits && u.gaps > 0 {
					t.Errorf("playback ran dry for %v, %v after its beginning", u.gaps, at)
				}
			})
		})
	}
	t.Log("\n" + distribution(gaps))
	if *write != "" {
		fill(t, *write, "dry", distribution(gaps))
	}
}

// play has the vendor stop after so much audio. Both have been heard before.
func (m moment) play(t *testing.T, at time.Duration) *utterance {
	r := newRig(t, []vendor{m.first, m.second}, longPatience)
	r.rehearse()
	for i := range rehearsals {
		if u := r.speakBy(m.second.name, fmt.Sprint("backup", i)); u.reason != "completed" {
			t.Fatalf("the backup %s: %+v", u.reason, u.attempts)
		}
	}
	r.emulators[0].SetFault(emulator.Fault{Kind: m.kind, After: at})
	u := r.speak("broken")
	if u.reason != "completed" || len(u.rerouted) != 1 {
		t.Fatalf("ended %s, rerouted %+v: %+v", u.reason, u.rerouted, u.attempts)
	}
	return u
}

// distribution is a table of the gaps.
func distribution(gaps map[string][]time.Duration) string {
	table := "| the vendor | takeovers | ran dry | p50 | p95 | most |\n| --- | --- | --- | --- | --- | --- |\n"
	for _, key := range slices.Sorted(maps.Keys(gaps)) {
		values := gaps[key]
		slices.Sort(values)
		dry := 0
		for _, gap := range values {
			if gap > 0 {
				dry++
			}
		}
		table += fmt.Sprintf("| %s | %d | %d | %d ms | %d ms | %d ms |\n", key, len(values), dry,
			quantile(values, 0.5).Milliseconds(), quantile(values, 0.95).Milliseconds(), quantile(values, 1).Milliseconds())
	}
	return table
}
