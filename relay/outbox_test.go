package relay

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// audioMessage is a message of one sample whose body is its name.
func audioMessage(name string) *message {
	m := newMessage(websocket.MessageText, 8000)
	m.buf = append(m.buf, name...)
	m.samples = 1
	return m
}

func order(o *outbox) string {
	var names []string
	for _, body := range drain(o) {
		names = append(names, string(body))
	}
	return strings.Join(names, " ")
}

// nobody writes.
type nobody struct{}

func (nobody) wake()             {}
func (nobody) writeDirect() bool { return false }

// released is the lane of a generation that has been accepted.
func released(o *outbox, t *turn, room func()) *lane {
	l := o.newLane(t, 24000, room)
	l.release()
	return l
}

func TestLanesTakeTurns(t *testing.T) {
	o := newOutbox(nobody{})
	a, b := released(o, nil, func() {}), released(o, nil, func() {})
	for i := range 3 {
		a.push(audioMessage(fmt.Sprint("a", i)))
	}
	b.push(audioMessage("b0"))
	b.push(audioMessage("b1"))
	o.send(textMessage([]byte("own")))
	if got, want := order(o), "own a0 b0 a1 b1 a2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestContextLanesWaitForTheirTurn(t *testing.T) {
	o := newOutbox(nobody{})
	var c turn
	first, second, third := released(o, &c, func() {}), released(o, &c, func() {}), released(o, &c, func() {})
	third.push(audioMessage("c0"))
	second.push(audioMessage("b0"))
	first.push(audioMessage("a0"))
	if got := order(o); got != "a0" {
		t.Errorf("before the first's end: got %q", got)
	}
	second.purge() // cancelled while it waits
	second.end(textMessage([]byte("b.")))
	if got := order(o); got != "b." {
		t.Errorf("after the second's cancel: got %q, want its end and no more", got)
	}
	first.push(audioMessage("a1"))
	first.end(textMessage([]byte("a.")))
	if got, want := order(o), "a1 a. c0"; got != want {
		t.Errorf("after the first's end: got %q, want %q", got, want)
	}
}

func TestPurgeLeavesNothing(t *testing.T) {
	o := newOutbox(nobody{})
	l := released(o, nil, func() {})
	l.push(audioMessage("a0"))
	o.take(nil, 1)
	l.push(audioMessage("a1"))
	l.purge()
	l.end(textMessage([]byte("end")))
	if got := order(o); got != "end" {
		t.Errorf("got %q, want the end alone", got)
	}
	if got := l.taken(); got != 1 {
		t.Errorf("taken: got %d samples, want 1", got)
	}
}

func TestRoomIsToldOnce(t *testing.T) {
	o := newOutbox(nobody{})
	pokes := 0
	l := released(o, nil, func() { pokes++ })
	pokes = 0
	for range 10 {
		l.push(audioMessage("x"))
	}
	if l.hasRoom(5) {
		t.Fatal("10 samples wait, and there is room for 5")
	}
	for range 10 {
		o.take(nil, 1)
	}
	if pokes != 1 {
		t.Errorf("pokes: got %d, want 1", pokes)
	}
	if !l.hasRoom(5) {
		t.Error("nothing waits, and there is no room")
	}
}

// Where too many bytes wait in all, a lane of which some wait has no room until that changes, or until none of its own
// do. One of which nothing waits always has some: otherwise a context's first generation would wait for the next ones.
func TestRoomIsBoundedInBytes(t *testing.T) {
	big := func() *message {
		m := newMessage(websocket.MessageText, maxQueued/4)
		m.buf, m.samples = append(m.buf, make([]byte, maxQueued/4)...), 1
		return m
	}
	for name, free := range map[string]func(o *outbox, full *lane){
		"taken":     func(o *outbox, _ *lane) { o.take(nil, 1) },
		"purged":    func(_ *outbox, full *lane) { full.purge() },
		"restarted": func(_ *outbox, full *lane) { full.open = false; full.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutbox(nobody{})
			pokes := 0
			full, some, none := released(o, nil, func() {}), released(o, nil, func() { pokes++ }), released(o, nil, func() {})
			for range 4 {
				full.push(big())
			}
			some.push(audioMessage("a"))
			pokes = 0
			for range 2 { // who asks twice is notified once
				if some.hasRoom(100) {
					t.Error("there is room beside all that waits")
				}
			}
			if !none.hasRoom(100) {
				t.Error("one of which nothing waits has no room")
			}
			if free(o, full); pokes != 1 {
				t.Errorf("poked %d times, want once", pokes)
			}
			if !some.hasRoom(100) {
				t.Error("there is no room, though little waits")
			}
			if o.close(); o.queued < 0 || o.queued > maxQueued {
				t.Errorf("%d bytes are counted", o.queued)
			}
		})
	}
}

func TestClosedOutboxTakesNothing(t *testing.T) {
	o := newOutbox(nobody{})
	l := released(o, nil, func() {})
	l.push(audioMessage("before"))
	o.close()
	l.push(audioMessage("after"))
	l.end(textMessage([]byte("end")))
	o.send(textMessage([]byte("own")))
	if got := order(o); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestUnreadAnswersAreBounded(t *testing.T) {
	o := newOutbox(nobody{})
	for i := range maxOwn {
		if !o.send(textMessage([]byte("x"))) {
			t.Fatalf("refused at %d", i)
		}
	}
	if o.send(textMessage([]byte("x"))) {
		t.Error("one more than the bound was taken")
	}
}

// What waits unread is bounded in bytes as well, whatever its size. What has been taken makes room again, and a
// generation's end always has some.
func TestUnreadAnswersAreBoundedInBytes(t *testing.T) {
	o := newOutbox(nobody{})
	body := bytes.Repeat([]byte("x"), 50_000)
	n := 0
	for n < 1000 && o.send(textMessage(body)) {
		n++
	}
	if n != maxOwnBytes/len(body) {
		t.Errorf("%d answers of %d bytes were taken, want %d", n, len(body), maxOwnBytes/len(body))
	}
	l := released(o, nil, func() {})
	l.end(textMessage(body))
	for _, m := range o.take(nil, len(body)) {
		m.release()
	}
	if o.send(textMessage(body)) {
		t.Error("taken, though an end has used the room")
	}
	for _, m := range o.take(nil, 2*len(body)) {
		m.release()
	}
	if !o.send(textMessage(body)) {
		t.Error("refused, though there is room again")
	}
	if o.bytes != len(body)*o.owned {
		t.Errorf("%d bytes are counted for %d answers", o.bytes, o.owned)
	}
}

// A message takes room for a frame of audio only where it is one, and what was released is empty.
func TestMessagesTakeTheirOwnRoomOnly(t *testing.T) {
	tests := map[string]struct {
		make func() *message
		most int
	}{
		"an answer":     {func() *message { return ownMessage(websocket.MessageText, []byte("x")) }, 64},
		"a pong":        {func() *message { return ownMessage(messagePong, []byte("x")) }, 64},
		"words":         {func() *message { return textMessage([]byte("x")) }, 512},
		"a short frame": {func() *message { return newMessage(websocket.MessageText, 2000) }, 2 << 10},
		"a huge one":    {func() *message { return newMessage(websocket.MessageText, 100_000) }, 101_000},
		"long end":      {func() *message { return textMessage(make([]byte, 5000)) }, 6 << 10},
		"audio":         {func() *message { return newMessage(websocket.MessageText, 8000) }, 8 << 10},
	}
	for name, tt := range tests {
		m := tt.make()
		if got := cap(m.buf); got > tt.most {
			t.Errorf("%s: room for %d bytes, want at most %d", name, got, tt.most)
		}
		m.release()
		if m = textMessage([]byte("ab")); string(m.body()) != "ab" {
			t.Errorf("after %s: a message of %q, want ab", name, m.body())
		}
		if m = newMessage(websocket.MessageText, 8000); len(m.body()) != 0 || cap(m.buf) != 8<<10 {
			t.Errorf("after %s: a message for audio has %d bytes of room and %d in it", name, cap(m.buf), len(m.body()))
		}
	}
}

// scribe is a writer that counts.
type scribe struct {
	woken, dashed int
	able          bool
}

func (s *scribe) wake() { s.woken++ }

func (s *scribe) writeDirect() bool {
	s.dashed++
	return s.able
}

// What a step queues goes out after it, in one direct write. The writer is woken where that is not enough.
func TestAStepIsSentAtItsEnd(t *testing.T) {
	for _, able := range []bool{true, false} {
		w := &scribe{able: able}
		o := newOutbox(w)
		l := released(o, nil, func() {})
		o.beginBatch()
		o.endBatch()
		if w.dashed != 0 {
			t.Error("a dash with nothing to send")
		}
		o.beginBatch()
		l.push(audioMessage("one"))
		l.push(audioMessage("two"))
		o.send(textMessage([]byte("own")))
		if w.woken+w.dashed != 0 {
			t.Error("sent before the step's end")
		}
		o.endBatch()
		wantRoused := 1
		if able {
			wantRoused = 0
		}
		if w.dashed != 1 || w.woken != wantRoused {
			t.Errorf("able %t: %d dashes, woken %d times", able, w.dashed, w.woken)
		}
	}
}

// Where another step is always under way, what a direct write has left is still sent.
func TestALongStepHoldsNobodyUp(t *testing.T) {
	w := &scribe{}
	o := newOutbox(w)
	l := released(o, nil, func() {})
	o.beginBatch()
	o.beginBatch()
	l.push(audioMessage("one"))
	if o.endBatch(); w.woken != 1 {
		t.Errorf("woken %d times beside another step, want once", w.woken)
	}
}

// Outside of batches the writer is woken at once, and once the outbox is closed no more.
func TestTheWriterIsRoused(t *testing.T) {
	tests := map[string]func(o *outbox, l *lane){
		"audio": func(_ *outbox, l *lane) { l.push(audioMessage("a")) },
		"own":   func(o *outbox, _ *lane) { o.send(textMessage([]byte("own"))) },
		"end":   func(_ *outbox, l *lane) { l.end(textMessage([]byte("done"))) },
		"bye":   func(o *outbox, _ *lane) { o.closeAfter(closeFrame{closeIdle, "idle"}) },
		"poke":  func(o *outbox, _ *lane) { o.notify() },
	}
	for name, do := range tests {
		w := &scribe{able: true}
		o := newOutbox(w)
		l := released(o, nil, func() {})
		if do(o, l); w.woken != 1 {
			t.Errorf("%s: woken %d times, want once", name, w.woken)
		}
		w = &scribe{able: true}
		o = newOutbox(w)
		l = released(o, nil, func() {})
		o.close()
		if do(o, l); w.woken != 0 {
			t.Errorf("%s: woken behind the end", name)
		}
	}
}

// However a done and the end of its connection follow each other, the done goes first.
func TestTheFarewellIsBehindWhatWaits(t *testing.T) {
	o := newOutbox(nobody{})
	l := released(o, nil, func() {})
	if o.isClosing() || o.closeFrame() != nil {
		t.Error("the connection is to be closed, though nobody said so")
	}
	if !o.closeAfter(closeFrame{closeDrained, "drained"}) {
		t.Error("the first reason does not count")
	}
	l.push(audioMessage("audio"))
	o.send(textMessage([]byte("own")))
	l.end(textMessage([]byte("done")))
	for !o.own.empty() || len(o.ring) > 0 {
		if !o.isClosing() || o.closeFrame() != nil {
			t.Error("it is to be closed before all has been taken")
		}
		for _, m := range o.take(nil, 1) {
			m.release()
		}
	}
	if o.closeAfter(closeFrame{closeIdle, "idle"}) {
		t.Error("a second reason counts")
	}
	if bye := o.closeFrame(); bye == nil || bye.code != closeDrained {
		t.Errorf("closed with %v, want the first reason", bye)
	}
	if o.send(textMessage([]byte("late"))); !o.own.empty() {
		t.Error("something follows the close")
	}
}
