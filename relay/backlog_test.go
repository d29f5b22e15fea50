package relay

import (
	"strings"
	"testing"
)

// Connections whose clients take nothing share what there is: those who have most get no more first, and one who reads is never
// held up.
func TestWhatWaitsIsBoundedOverAllConnections(t *testing.T) {
	const memory = 64 << 20
	var all backlog
	all.limitTo(memory)
	frame := strings.Repeat("x", 8<<10)
	stalled := make([]*lane, 200)
	for i := range stalled {
		o := newOutbox(nobody{})
		o.all = &all
		stalled[i] = released(o, nil, func() {})
	}
	for range 2 * maxQueued / len(frame) {
		for _, l := range stalled {
			if l.hasRoom(1 << 40) {
				l.push(audioMessage(frame))
			}
		}
	}
	total := 0
	for _, l := range stalled {
		total += l.out.queued
	}
	most := memory/backlogPart + len(stalled)*(unshared+len(frame))
	t.Logf("%d MB wait for %d clients", total>>20, len(stalled))
	if total > most || total < memory/backlogPart/2 {
		t.Errorf("%d bytes wait, want at most %d", total, most)
	}
	reader := newOutbox(nobody{})
	reader.all = &all
	l := released(reader, nil, func() {})
	l.push(audioMessage(frame))
	if !l.hasRoom(1 << 40) {
		t.Error("who reads is held up for those who don't")
	}
	for _, l := range stalled {
		l.out.close()
	}
	if got := all.bytes.Load(); got != 0 {
		t.Errorf("%d bytes are counted for nobody", got)
	}
}

// A generation that was refused for what others have goes on once its own client takes something.
func TestWhoReadsAgainGetsRoom(t *testing.T) {
	var all backlog
	all.limitTo(4 << 20)
	o := newOutbox(nobody{})
	o.all = &all
	woken := 0
	l := released(o, nil, func() { woken++ })
	frame := strings.Repeat("x", 8<<10)
	for l.hasRoom(1 << 40) {
		l.push(audioMessage(frame))
	}
	if o.queued < 256<<10 || o.queued > 1<<20 {
		t.Errorf("%d bytes wait", o.queued)
	}
	woken = 0
	for _, m := range o.take(nil, 512<<10) {
		m.release()
	}
	if woken == 0 || !l.hasRoom(1<<40) {
		t.Errorf("woken %d times, room: %t", woken, l.hasRoom(1<<40))
	}
	o.close()
	if got := all.bytes.Load(); got != 0 {
		t.Errorf("%d bytes are counted for nobody", got)
	}
}
