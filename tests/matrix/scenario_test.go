package matrix

import (
	"fmt"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/kugelaudio"
	"voicerelay/upstream/together"
	"voicerelay/upstream/uplift"
	"voicerelay/upstream/vogent"
	"voicerelay/upstream/zeligate"
)

// slow is the fault of a vendor that speaks more slowly than it is heard: playback runs dry again and again, and no
// rule of the relay's takes the floor from it as long as it speaks.
const slow = "late"

// sentence has twelve words, each with a sound of its own, in one piece.
const sentence = "the quick brown fox jumps over a lazy dog near our house."

// cases is how many scenarios there are: ordered pairs of vendors, faults, places.
const cases = 5 * 4 * 9 * 4

// vendor is one of the vendors, and what is asked of it.
type vendor struct {
	name         string
	driver       upstream.Driver
	model, voice string
	tooMany      string // its own code for too many requests

	// How it speaks, where that matters to a test.
	firstAudio time.Duration
	speech     bool // in real words
}

func vendors() []vendor {
	return []vendor{
		{name: "kugelaudio", driver: kugelaudio.Driver, model: "kugel-3", voice: "1071", tooMany: "RATE_LIMITED"},
		{name: "uplift", driver: uplift.Driver, voice: "v_8eelc901", tooMany: "rate_limit_exceeded"},
		{name: "vogent", driver: vogent.Driver, voice: "36b87413-6d7b-421d-8745-bc0897770d1e", tooMany: "rate limit exceeded"},
		{name: "together", driver: together.Driver, model: "hexgrad/Kokoro-82M", voice: "af_heart", tooMany: "rate_limit_exceeded"},
		{name: "zeligate", driver: zeligate.Driver, voice: "zeli-voice-1", tooMany: "too_many_concurrent_requests"},
	}
}

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
	failed := func(_ vendor, d time.Duration) emulator.Fault {
		return emulator.Fault{Kind: emulator.ErrorFrame, Name: "INTERNAL_ERROR", After: d}
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

func scenarios() []scenario {
	var all []scenario
	for _, f := range faults() {
		for _, p := range places() {
			for _, first := range vendors() {
				for _, second := range vendors() {
					if first.name != second.name {
						all = append(all, scenario{first, second, f, p})
					}
				}
			}
		}
	}
	return all
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
