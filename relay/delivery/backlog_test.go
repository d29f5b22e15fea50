package delivery

import (
	"strings"
	"testing"
)

// Connections whose clients take nothing share what there is: those who have most get no more first, and one who reads is never
// held up.
func TestWhatWaitsIsBoundedOverAllConnections(t *testing.T) {
	const memory = 64 << 20
	var all Backlog
	all.LimitTo(memory)
	frame := strings.Repeat("x", 8<<10)
	stalled := make([]*Lane, 200)
	for i := range stalled {
		o := NewOutbox(noWriter{}, &all)
		stalled[i] = released(o, nil, func() {})
	}
	for range 2 * maxQueued / len(frame) {
		for _, l := range stalled {
			if l.HasRoom(1 << 40) {
				l.Push(audioMessage(frame))
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
	reader := NewOutbox(noWriter{}, &all)
	l := released(reader, nil, func() {})
	l.Push(audioMessage(frame))
	if !l.HasRoom(1 << 40) {
		t.Error("who reads is held up for those who don't")
	}
	for _, l := range stalled {
		l.out.Close()
	}
	if got := all.bytes.Load(); got != 0 {
		t.Errorf("%d bytes are counted for nobody", got)
	}
}

// A generation that was refused for what others have goes on once its own client takes something.
func TestClientThatReadsAgainGetsRoom(t *testing.T) {
	var all Backlog
	all.LimitTo(4 << 20)
	o := NewOutbox(noWriter{}, &all)
	woken := 0
	l := released(o, nil, func() { woken++ })
	frame := strings.Repeat("x", 8<<10)
	for l.HasRoom(1 << 40) {
		l.Push(audioMessage(frame))
	}
	if o.queued < 256<<10 || o.queued > 1<<20 {
		t.Errorf("%d bytes wait", o.queued)
	}
	woken = 0
	for _, m := range o.Take(nil, 512<<10) {
		m.Release()
	}
	if woken == 0 || !l.HasRoom(1<<40) {
		t.Errorf("woken %d times, room: %t", woken, l.HasRoom(1<<40))
	}
	o.Close()
	if got := all.bytes.Load(); got != 0 {
		t.Errorf("%d bytes are counted for nobody", got)
	}
}
