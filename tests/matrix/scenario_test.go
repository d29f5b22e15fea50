package matrix

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"voicerelay/upstream/emulator"
)

// slow is the fault of a vendor that speaks more slowly than it is heard: playback runs dry again and again, and no
// rule of the relay's takes the floor from it as long as it speaks.
const slow = "late"

// sentence has twelve words, each with a sound of its own, in one piece.
const sentence = "the quick brown fox jumps over a lazy dog near our house."

// fault is something that goes wrong: before any audio, and after so much of it.
type fault struct {
	name   string
	before func(v vendor) emulator.Fault
	after  func(v vendor, at time.Duration) emulator.Fault
	// patience is the route's stall_timeout: short, and a stall is a failure of its own; long, and a backup has to
	// come in beside it.
	patience time.Duration
}

const (
	shortPatience = 200 * time.Millisecond
	longPatience  = 2 * time.Second // the shipped setting
)

func faults() []fault {
	at := func(kind emulator.FaultKind) func(vendor, time.Duration) emulator.Fault {
		return func(_ vendor, d time.Duration) emulator.Fault { return emulator.Fault{Kind: kind, After: d} }
	}
	now := func(f emulator.Fault) func(vendor) emulator.Fault { return func(vendor) emulator.Fault { return f } }
	closed := func(_ vendor, d time.Duration) emulator.Fault {
		return emulator.Fault{Kind: emulator.CloseCode, Code: 1013, After: d}
	}
	failed := func(v vendor, d time.Duration) emulator.Fault {
		return emulator.Fault{Kind: emulator.ErrorFrame, Name: cmp.Or(v.failed, "INTERNAL_ERROR"), After: d}
	}
	tooMany := func(v vendor, d time.Duration) emulator.Fault {
		return emulator.Fault{Kind: emulator.ErrorFrame, Name: v.tooMany, After: d}
	}
	return []fault{
		{"refused", now(emulator.Fault{Kind: emulator.Refuse, Code: 503}), closed, longPatience},
		{"silent", now(emulator.Fault{Kind: emulator.Stall}), at(emulator.Stall), shortPatience},
		{"late", now(emulator.Fault{Kind: emulator.Late, After: 3 * time.Second}), at(emulator.Slow), longPatience},
		{"stalled", now(emulator.Fault{Kind: emulator.Stall, After: time.Millisecond}), at(emulator.Stall), longPatience},
		{"dropped", now(emulator.Fault{Kind: emulator.Drop}), at(emulator.Drop), longPatience},
		{"error frame", func(v vendor) emulator.Fault { return failed(v, 0) }, failed, longPatience},
		{"garbage", now(emulator.Fault{Kind: emulator.Garbage}), at(emulator.Garbage), longPatience},
		{"empty end", now(emulator.Fault{Kind: emulator.Empty}), at(emulator.WrongLength), longPatience},
		{"429", now(emulator.Fault{Kind: emulator.Refuse, Code: 429}), tooMany, longPatience},
	}
}

// place is after how many words something goes wrong; 0: before any audio.
type place int

func places() []place { return []place{0, 2, 5, 12} }

func (p place) String() string {
	if p == 0 {
		return "before audio"
	}
	return fmt.Sprintf("after word %d", int(p))
}

// scenario is one case.
type scenario struct {
	first, second vendor
	fault         fault
	place         place
}

func (s scenario) String() string {
	return fmt.Sprintf("%s to %s, %s %s", s.first.name, s.second.name, s.fault.name, s.place)
}

// scenarios are all ordered pairs of vendors, with all faults at all places.
func scenarios() []scenario {
	var all []scenario
	each(func(f fault, p place, first vendor, others []vendor) {
		for _, second := range others {
			all = append(all, scenario{first, second, f, p})
		}
	})
	return all
}

// sample has each vendor break in each way at each place. Who takes over is drawn by the seed.
func sample(seed uint64) []scenario {
	draw := rand.New(rand.NewPCG(seed, 0))
	var all []scenario
	each(func(f fault, p place, first vendor, others []vendor) {
		all = append(all, scenario{first, others[draw.IntN(len(others))], f, p})
	})
	return all
}

// each gives each fault, place and vendor, and with them all other vendors.
func each(give func(f fault, p place, first vendor, others []vendor)) {
	all := vendors()
	for _, f := range faults() {
		for _, p := range places() {
			for i, first := range all {
				give(f, p, first, append(all[:i:i], all[i+1:]...))
			}
		}
	}
}

// breaks is the fault of a scenario, where the words of the first vendor end at these times.
func (s scenario) breaks(ends []time.Duration) emulator.Fault {
	if s.place == 0 {
		return s.fault.before(s.first)
	}
	return s.fault.after(s.first, ends[s.place-1]+betweenWords)
}

// betweenWords is the middle of the silence after an emulated word.
const betweenWords = 15 * time.Millisecond
