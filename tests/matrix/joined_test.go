package matrix

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator"
)

// joined are the vendors whose pieces are joined.
func joined() []vendor {
	var all []vendor
	for _, v := range vendors() {
		if v.name == "kugelaudio" || v.name == "cartesia" {
			all = append(all, v)
		}
	}
	return all
}

// A vendor that gets its pieces joined and breaks off, in a piece or between two, is taken over from as one that gets them
// one by one: no word is missing, and two are heard twice at most.
func TestJoinedPiecesAreTakenOverFrom(t *testing.T) {
	parts := strings.SplitAfter("the quick brown fox. jumps over a lazy dog. near our house.", ". ")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	for _, v := range joined() {
		for _, every := range []time.Duration{50 * time.Millisecond, 300 * time.Millisecond} {
			ends := heardAlone(t, v, parts, every)
			for _, kind := range []emulator.FaultKind{emulator.Drop, emulator.Stall, emulator.Garbage} {
				for _, word := range []int{5, 7, 10} { // in the second piece, after it, in the third
					if raceEnabled && word != 7 {
						continue
					}
					t.Run(fmt.Sprintf("%s, each %v, %s after word %d", v.name, every, kind, word), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							r := newRig(t, []vendor{v, vendorOf("together")}, longPatience)
							r.rehearse()
							r.emulators[0].SetFault(emulator.Fault{Kind: kind, After: ends[word-1] + betweenWords})
							u := r.append("broken", parts, every)
							got := judge(scenario{first: v}, u)
							if got.err != nil || len(u.rerouted) != 1 || got.missing > 0 || got.doubled > 2 {
								t.Errorf("%d words missing, %d doubled, by %q: %v; %+v", got.missing, got.doubled, got.source, got.err, u.attempts)
							}
						})
					})
				}
			}
		}
	}
}

// heardAlone is when a vendor's words end that speaks a text that comes part by part.
func heardAlone(t *testing.T, v vendor, parts []string, every time.Duration) (ends []time.Duration) {
	t.Helper()
	t.Run(fmt.Sprintf("%s, each %v, alone", v.name, every), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ends = wordEnds(newRig(t, []vendor{v}, longPatience).append("whole", parts, every).pcm)
		})
	})
	return ends
}
