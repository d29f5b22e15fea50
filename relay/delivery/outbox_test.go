package delivery

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// audioMessage is a message of one sample whose body is its name.
func audioMessage(name string) *Message {
	m := NewMessage(websocket.MessageText, 8000)
	m.Buf = append(m.Buf, name...)
	m.Samples = 1
	return m
}

func order(o *Outbox) string {
	var names []string
	for batch := o.Take(nil, burst); len(batch) > 0; batch = o.Take(batch[:0], burst) {
		for _, m := range batch {
			names = append(names, string(m.Body()))
			m.Release()
		}
	}
	return strings.Join(names, " ")
}

// noWriter is the writer of an outbox that a test empties.
type noWriter struct{}

func (noWriter) Wake()             {}
func (noWriter) WriteDirect() bool { return false }

// released is the lane of a generation that has been accepted.
func released(o *Outbox, t *Turn, room func()) *Lane {
	l := o.NewLane(t, 24000, room)
	l.Release()
	return l
}

func TestLanesTakeTurns(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	a, b := released(o, nil, func() {}), released(o, nil, func() {})
	for i := range 3 {
		a.Push(audioMessage(fmt.Sprint("a", i)))
	}
	b.Push(audioMessage("b0"))
	b.Push(audioMessage("b1"))
	o.Send(TextMessage([]byte("own")))
	if got, want := order(o), "own a0 b0 a1 b1 a2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestContextLanesWaitForTheirTurn(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	var c Turn
	first, second, third := released(o, &c, func() {}), released(o, &c, func() {}), released(o, &c, func() {})
	third.Push(audioMessage("c0"))
	second.Push(audioMessage("b0"))
	first.Push(audioMessage("a0"))
	if got := order(o); got != "a0" {
		t.Errorf("before the first's end: got %q", got)
	}
	second.Purge() // cancelled while it waits
	second.End(TextMessage([]byte("b.")))
	if got := order(o); got != "b." {
		t.Errorf("after the second's cancel: got %q, want its end and no more", got)
	}
	first.Push(audioMessage("a1"))
	first.End(TextMessage([]byte("a.")))
	if got, want := order(o), "a1 a. c0"; got != want {
		t.Errorf("after the first's end: got %q, want %q", got, want)
	}
}

func TestPurgeLeavesNothing(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	l := released(o, nil, func() {})
	l.Push(audioMessage("a0"))
	o.Take(nil, 1)
	l.Push(audioMessage("a1"))
	l.Purge()
	l.End(TextMessage([]byte("end")))
	if got := order(o); got != "end" {
		t.Errorf("got %q, want the end alone", got)
	}
	if got := l.Taken(); got != 1 {
		t.Errorf("taken: got %d samples, want 1", got)
	}
}

func TestRoomIsAnnouncedOnce(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	calls := 0
	l := released(o, nil, func() { calls++ })
	calls = 0
	for range 10 {
		l.Push(audioMessage("x"))
	}
	if l.HasRoom(5) {
		t.Fatal("10 samples wait, and there is room for 5")
	}
	for range 10 {
		o.Take(nil, 1)
	}
	if calls != 1 {
		t.Errorf("calls: got %d, want 1", calls)
	}
	if !l.HasRoom(5) {
		t.Error("nothing waits, and there is no room")
	}
}

// A lane of a client that is likely to leave has room once nothing waits, whatever is asked for.
func TestThriftyLaneHasRoomWhenNothingWaits(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	calls := 0
	l := released(o, nil, func() { calls++ })
	calls = 0
	l.Push(audioMessage("x"))
	l.Push(audioMessage("x"))
	l.Thrift()
	for range 2 {
		if l.HasRoom(100) {
			t.Error("audio waits, and there is room")
		}
		if calls > 0 {
			t.Error("called while audio waits")
		}
		o.Take(nil, 1)
	}
	if !l.HasRoom(100) || calls != 1 {
		t.Errorf("nothing waits: %d calls", calls)
	}
}

// Where too many bytes wait in all, a lane of which some wait has no room until that changes, or until none of its own
// do. One of which nothing waits always has some: otherwise a context's first generation would wait for the next ones.
func TestRoomIsBoundedInBytes(t *testing.T) {
	big := func() *Message {
		m := NewMessage(websocket.MessageText, maxQueued/4)
		m.Buf, m.Samples = append(m.Buf, make([]byte, maxQueued/4)...), 1
		return m
	}
	for name, free := range map[string]func(o *Outbox, full *Lane){
		"taken":     func(o *Outbox, _ *Lane) { o.Take(nil, 1) },
		"purged":    func(_ *Outbox, full *Lane) { full.Purge() },
		"restarted": func(_ *Outbox, full *Lane) { full.phase = laneAccepted; full.Restart() },
	} {
		t.Run(name, func(t *testing.T) {
			o := NewOutbox(noWriter{}, nil)
			calls := 0
			full, some, none := released(o, nil, func() {}), released(o, nil, func() { calls++ }), released(o, nil, func() {})
			for range 4 {
				full.Push(big())
			}
			some.Push(audioMessage("a"))
			calls = 0
			for range 2 { // who asks twice is notified once
				if some.HasRoom(100) {
					t.Error("there is room beside all that waits")
				}
			}
			if !none.HasRoom(100) {
				t.Error("one of which nothing waits has no room")
			}
			if free(o, full); calls != 1 {
				t.Errorf("called %d times, want once", calls)
			}
			if !some.HasRoom(100) {
				t.Error("there is no room, though little waits")
			}
			if o.Close(); o.queued < 0 || o.queued > maxQueued {
				t.Errorf("%d bytes are counted", o.queued)
			}
		})
	}
}

func TestClosedOutboxTakesNothing(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	l := released(o, nil, func() {})
	l.Push(audioMessage("before"))
	o.Close()
	l.Push(audioMessage("after"))
	l.End(TextMessage([]byte("end")))
	o.Send(TextMessage([]byte("own")))
	if got := order(o); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestUnreadAnswersAreBounded(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	for i := range maxOwn {
		if !o.Send(TextMessage([]byte("x"))) {
			t.Fatalf("refused at %d", i)
		}
	}
	if o.Send(TextMessage([]byte("x"))) {
		t.Error("one more than the bound was taken")
	}
}

// What waits unread is bounded in bytes as well, whatever its size. What has been taken makes room again, and a
// generation's end always has some.
func TestUnreadAnswersAreBoundedInBytes(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	body := bytes.Repeat([]byte("x"), 50_000)
	n := 0
	for n < 1000 && o.Send(TextMessage(body)) {
		n++
	}
	if n != maxOwnBytes/len(body) {
		t.Errorf("%d answers of %d bytes were taken, want %d", n, len(body), maxOwnBytes/len(body))
	}
	l := released(o, nil, func() {})
	l.End(TextMessage(body))
	for _, m := range o.Take(nil, len(body)) {
		m.Release()
	}
	if o.Send(TextMessage(body)) {
		t.Error("taken, though an end has used the room")
	}
	for _, m := range o.Take(nil, 2*len(body)) {
		m.Release()
	}
	if !o.Send(TextMessage(body)) {
		t.Error("refused, though there is room again")
	}
	if o.bytes != len(body)*o.owned {
		t.Errorf("%d bytes are counted for %d answers", o.bytes, o.owned)
	}
}

// A message takes room for a frame of audio only where it is one, and what was released is empty.
func TestMessagesTakeTheirOwnRoomOnly(t *testing.T) {
	tests := map[string]struct {
		make func() *Message
		most int
	}{
		"an answer":     {func() *Message { return OwnMessage(websocket.MessageText, []byte("x")) }, 64},
		"a pong":        {func() *Message { return OwnMessage(messagePong, []byte("x")) }, 64},
		"words":         {func() *Message { return TextMessage([]byte("x")) }, 512},
		"a short frame": {func() *Message { return NewMessage(websocket.MessageText, 2000) }, 2 << 10},
		"a huge one":    {func() *Message { return NewMessage(websocket.MessageText, 100_000) }, 101_000},
		"long end":      {func() *Message { return TextMessage(make([]byte, 5000)) }, 6 << 10},
		"audio":         {func() *Message { return NewMessage(websocket.MessageText, 8000) }, 8 << 10},
	}
	for name, tt := range tests {
		m := tt.make()
		if got := cap(m.Buf); got > tt.most {
			t.Errorf("%s: room for %d bytes, want at most %d", name, got, tt.most)
		}
		m.Release()
		if m = TextMessage([]byte("ab")); string(m.Body()) != "ab" {
			t.Errorf("after %s: a message of %q, want ab", name, m.Body())
		}
		if m = NewMessage(websocket.MessageText, 8000); len(m.Body()) != 0 || cap(m.Buf) != 8<<10 {
			t.Errorf("after %s: a message for audio has %d bytes of room and %d in it", name, cap(m.Buf), len(m.Body()))
		}
	}
}

// countingWriter is a writer that counts.
type countingWriter struct {
	woken, direct int
	able          bool
}

func (s *countingWriter) Wake() { s.woken++ }

func (s *countingWriter) WriteDirect() bool {
	s.direct++
	return s.able
}

// What a step queues goes out after it, in one direct write. The writer is woken where that is not enough.
func TestBatchIsSentAtItsEnd(t *testing.T) {
	for _, able := range []bool{true, false} {
		w := &countingWriter{able: able}
		o := NewOutbox(w, nil)
		l := released(o, nil, func() {})
		o.BeginBatch()
		o.EndBatch()
		if w.direct != 0 {
			t.Error("a direct write with nothing to send")
		}
		o.BeginBatch()
		l.Push(audioMessage("one"))
		l.Push(audioMessage("two"))
		o.Send(TextMessage([]byte("own")))
		if w.woken+w.direct != 0 {
			t.Error("sent before the step's end")
		}
		o.EndBatch()
		wantWoken := 1
		if able {
			wantWoken = 0
		}
		if w.direct != 1 || w.woken != wantWoken {
			t.Errorf("able %t: %d direct writes, woken %d times", able, w.direct, w.woken)
		}
	}
}

// Where another step is always under way, what a direct write has left is still sent.
func TestWriterIsWokenDuringAnotherBatch(t *testing.T) {
	w := &countingWriter{}
	o := NewOutbox(w, nil)
	l := released(o, nil, func() {})
	o.BeginBatch()
	o.BeginBatch()
	l.Push(audioMessage("one"))
	if o.EndBatch(); w.woken != 1 {
		t.Errorf("woken %d times beside another step, want once", w.woken)
	}
}

// Outside of batches the writer is woken at once, and once the outbox is closed no more.
func TestWriterIsWokenOutsideBatches(t *testing.T) {
	tests := map[string]func(o *Outbox, l *Lane){
		"audio":  func(_ *Outbox, l *Lane) { l.Push(audioMessage("a")) },
		"own":    func(o *Outbox, _ *Lane) { o.Send(TextMessage([]byte("own"))) },
		"end":    func(_ *Outbox, l *Lane) { l.End(TextMessage([]byte("done"))) },
		"close":  func(o *Outbox, _ *Lane) { o.closeAfter(closeFrame{closeIdle, "idle"}) },
		"notify": func(o *Outbox, _ *Lane) { o.Notify() },
	}
	for name, do := range tests {
		w := &countingWriter{able: true}
		o := NewOutbox(w, nil)
		l := released(o, nil, func() {})
		if do(o, l); w.woken != 1 {
			t.Errorf("%s: woken %d times, want once", name, w.woken)
		}
		w = &countingWriter{able: true}
		o = NewOutbox(w, nil)
		l = released(o, nil, func() {})
		o.Close()
		if do(o, l); w.woken != 0 {
			t.Errorf("%s: woken after the end", name)
		}
	}
}

// However a done and the end of its connection follow each other, the done goes first.
func TestCloseFrameFollowsWhatWaits(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	l := released(o, nil, func() {})
	if o.isClosing() || o.closeFrame() != nil {
		t.Error("the connection is to be closed, though nobody said so")
	}
	if !o.closeAfter(closeFrame{CloseDrained, "drained"}) {
		t.Error("the first reason does not count")
	}
	l.Push(audioMessage("audio"))
	o.Send(TextMessage([]byte("own")))
	l.End(TextMessage([]byte("done")))
	for !o.own.empty() || len(o.ring) > 0 {
		if !o.isClosing() || o.closeFrame() != nil {
			t.Error("it is to be closed before all has been taken")
		}
		for _, m := range o.Take(nil, 1) {
			m.Release()
		}
	}
	if o.closeAfter(closeFrame{closeIdle, "idle"}) {
		t.Error("a second reason counts")
	}
	if bye := o.closeFrame(); bye == nil || bye.code != CloseDrained {
		t.Errorf("closed with %v, want the first reason", bye)
	}
	if o.Send(TextMessage([]byte("late"))); !o.own.empty() {
		t.Error("something follows the close")
	}
}
