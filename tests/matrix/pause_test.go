package matrix

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/voice"
)

// A vendor closes its sockets whenever the text pauses. Nothing is owed then: the same vendor goes on by a new socket, and
// the caller hears the text, each word once.
func TestASocketClosedInAPauseIsReplacedUnseen(t *testing.T) {
	for i, v := range vendors() {
		for n, code := range []int{1000, 1001, 1012, 0} {
			for _, backup := range []bool{false, true} {
				if raceEnabled && (code != 1000 || !backup) || !*whole && backup != ((i+n)%2 == 0) {
					continue
				}
				t.Run(fmt.Sprintf("%s, %d, backup: %t", v.name, code, backup), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { hangUpInPauses(t, v, code, backup) })
				})
			}
		}
	}
}

func hangUpInPauses(t *testing.T, v vendor, code int, backup bool) {
	route := []vendor{v}
	if backup {
		second := vendorOf("kugelaudio")
		if v.name == second.name {
			second = vendorOf("together")
		}
		route = append(route, second)
	}
	r := newRig(t, route, longPatience)
	r.rehearse()
	parts := []string{"the quick brown fox.", "jumps over a lazy dog.", "near our house."}
	hung := make(chan struct{})
	go func() {
		defer close(hung)
		for range parts[1:] {
			time.Sleep(4 * time.Second) // the first audio, and then silence
			r.emulators[0].HangUp(code)
			time.Sleep(time.Second)
		}
	}()
	u := r.append("g", parts, 5*time.Second)
	<-hung
	if u.reason != "completed" || len(u.rerouted) > 0 {
		t.Errorf("ended %s, rerouted %v: %+v", u.reason, u.rerouted, u.attempts)
	}
	for _, a := range u.attempts { // a backup may be tried where a new socket takes long, and lose
		if (a.Provider != v.name || a.Outcome != "completed") && a.Outcome != "hedged" {
			t.Errorf("attempts: %+v", u.attempts)
		}
	}
	heard, err := u.words()
	must(t, err)
	if want := voice.Words(sentence); !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
}
