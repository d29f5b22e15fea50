package delivery

import (
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// staged is a lane with a stage, that may send, and how often the stage was asked to look.
func staged(o *Outbox, t *Turn, room func()) (l *Lane, looks *int) {
	looks = new(int)
	l = o.NewLane(t, 1000, room)
	l.AddStage(func() { *looks++ })
	l.Release()
	return l, looks
}

// samples is a message of so many samples whose body is its name.
func samples(name string, n int64) *Message {
	m := audioMessage(name)
	m.Samples = n
	return m
}

// pass has the stage give each message on, in capitals, until there is none. It reports whether it is over.
func pass(l *Lane) bool {
	for {
		m, over := l.TakeStaged()
		if m == nil {
			return over
		}
		body := strings.ToUpper(string(m.Body()))
		next := NewMessage(websocket.MessageText, 100)
		next.Buf, next.Samples, next.Last = append(next.Buf, body...), m.Samples, m.Last
		m.Release()
		l.PushStaged(next)
	}
}

func TestTheClientGetsWhatTheStageGives(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	l, looks := staged(o, nil, func() {})
	l.Push(samples("a", 10))
	l.Push(TextMessage([]byte("words")))
	if got := order(o); got != "" || *looks == 0 {
		t.Errorf("without the stage the client gets %q; it was asked to look %d times", got, *looks)
	}
	if pass(l) {
		t.Error("the stage is over")
	}
	l.End(TextMessage([]byte("done")))
	if pass(l); !pass(l) {
		t.Error("the stage is not over")
	}
	if got, want := order(o), "A WORDS DONE"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if l.Taken() != 10 {
		t.Errorf("%d samples were taken, want 10", l.Taken())
	}
}

// What has not begun has nothing to be compressed either: its end waits for nobody.
func TestAnEndWithoutAudioNeedsNoStage(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	l, looks := staged(o, nil, func() {})
	l.End(TextMessage([]byte("done")))
	if got := order(o); got != "done" || *looks == 0 {
		t.Errorf("got %q, and %d looks", got, *looks)
	}
	if !pass(l) {
		t.Error("the stage is not over")
	}
}

// A stop takes back what waits before the stage and behind it, and what the stage still gives.
func TestAStopPurgesTheStage(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	l, _ := staged(o, nil, func() {})
	l.Push(samples("a", 10))
	pass(l)
	l.Push(samples("b", 10))
	inHand, _ := l.TakeStaged()
	l.Push(samples("c", 10))
	l.Purge()
	l.PushStaged(inHand)
	l.End(TextMessage([]byte("done")))
	if !pass(l) {
		t.Error("the stage is not over")
	}
	if got := order(o); got != "done" {
		t.Errorf("got %q, want the end alone", got)
	}
	if l.Taken() != 0 {
		t.Errorf("%d samples were taken, want none", l.Taken())
	}
	if o.queued != 0 {
		t.Errorf("%d bytes are counted", o.queued)
	}
}

// What a generation says without audio, such as who was to speak it, comes before its end, whether the stage has it in hand or has
// given it.
func TestAnEndComesAfterMessagesWithoutAudio(t *testing.T) {
	for _, given := range []bool{false, true} {
		o := NewOutbox(noWriter{}, nil)
		l, _ := staged(o, nil, func() {})
		l.Push(TextMessage([]byte("rerouted")))
		m, _ := l.TakeStaged()
		if given {
			l.PushStaged(m)
		}
		l.End(TextMessage([]byte("done")))
		if !given {
			l.PushStaged(m)
		}
		pass(l)
		if got, want := order(o), "rerouted DONE"; got != want {
			t.Errorf("given before the end: %v: got %q, want %q", given, got, want)
		}
	}
}

// What a generation says of its end after a stop comes before that, and the end gives the turn to the next: whether the stop came
// in its turn or before.
func TestAStoppedGenerationTellsOfItsEnd(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	var c Turn
	var lanes []*Lane
	for range 3 {
		l, _ := staged(o, &c, func() {})
		l.Push(samples("a", 10))
		lanes = append(lanes, l)
	}
	pass(lanes[0])
	for at, l := range lanes[:2] {
		l.Purge()
		l.Push(TextMessage([]byte("stopped")))
		l.End(TextMessage([]byte{'1' + byte(at)}))
		if !pass(l) {
			t.Error("the stage is not over")
		}
	}
	if got, want := order(o), "stopped 1 stopped 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	pass(lanes[2])
	if got, want := order(o), "A"; got != want {
		t.Errorf("the next says %q, want %q", got, want)
	}
	if o.queued != 0 {
		t.Errorf("%d bytes are counted", o.queued)
	}
}

// Before its turn a generation can be spoken again, so its stage gets nothing.
func TestAStageWaitsForTheTurn(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	var c Turn
	first, _ := staged(o, &c, func() {})
	second, _ := staged(o, &c, func() {})
	second.Push(samples("b", 10))
	if m, over := second.TakeStaged(); m != nil || over {
		t.Errorf("got %v, %v", m, over)
	}
	if !second.Restart() {
		t.Error("it can't be spoken again")
	}
	second.Push(samples("b2", 10))
	first.End(TextMessage([]byte("done")))
	if got := order(o); got != "done" {
		t.Errorf("got %q", got)
	}
	pass(second)
	if got := order(o); got != "B2" {
		t.Errorf("got %q", got)
	}
}

// A client that takes nothing holds the stage up, and with it the generation; one that takes has both look again.
func TestAStageWaitsForTheClient(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	rooms := 0
	l, looks := staged(o, nil, func() { rooms++ })
	for range 10 {
		l.Push(samples("a", 100)) // a fifth of a second is 200
	}
	pass(l)
	if l.HasRoom(1000) || !l.HasRoom(1001) {
		t.Error("1000 samples wait, and there is room for less or none for more")
	}
	before, was := *looks, rooms
	l.HasRoom(900)
	if got := len(o.Take(nil, 1)); got != 1 {
		t.Fatalf("%d messages", got)
	}
	o.Take(nil, 1)
	if *looks == before || rooms != was+1 {
		t.Errorf("the stage was asked %d times, the generation %d times", *looks-before, rooms-was)
	}
	pass(l)
	if order(o); l.HasRoom(1) {
		t.Error("there is room, though the stage has not taken all")
	}
}

// What an encoder keeps to itself does not hold the generation up: it may need the next audio to come out.
func TestWhatAStageKeepsIsNoBacklog(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	l, _ := staged(o, nil, func() {})
	l.Push(samples("a", 100))
	m, _ := l.TakeStaged()
	if l.HasRoom(1) {
		t.Error("there is room while the stage has a message in hand")
	}
	m.Release()
	if m, over := l.TakeStaged(); m != nil || over {
		t.Fatalf("got %v, %v", m, over)
	}
	if !l.HasRoom(1) {
		t.Error("there is no room")
	}
	l.End(TextMessage([]byte("done")))
	if got := order(o); got != "" {
		t.Errorf("the end went before what the stage keeps: %q", got)
	}
}

// A generation that makes no more audio waits for what its stage keeps, so that a stop, or an encoder that fails, still finds it.
func TestAStageGivesAllBeforeTheEnd(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	rooms := 0
	l, looks := staged(o, nil, func() { rooms++ })
	if !l.IsDrained() {
		t.Error("there is something to wait for before any audio")
	}
	l.Push(samples("a", 100))
	if l.IsDrained() {
		t.Error("the audio has not been sent")
	}
	kept, _ := l.TakeStaged()
	if m, _ := l.TakeStaged(); m != nil {
		t.Fatalf("got %q", m.Body())
	}
	before := *looks
	for range 2 {
		if l.IsDrained() {
			t.Error("the stage keeps all")
		}
	}
	if *looks != before+1 {
		t.Errorf("the stage was asked %d times, want once", *looks-before)
	}
	rest, _ := l.TakeStaged()
	if rest == nil || !rest.Rest {
		t.Fatalf("got %v, want to be asked for the rest", rest)
	}
	if l.IsDrained() {
		t.Error("the stage is about to give the rest")
	}
	l.PushStaged(kept)
	was := rooms
	if m, over := l.TakeStaged(); m != nil || over || rooms == was {
		t.Fatalf("got %v, %v; the generation was notified %d times", m, over, rooms-was)
	}
	if l.IsDrained() {
		t.Error("the client has not got the rest")
	}
	if was = rooms; order(o) != "a" || rooms != was+1 || !l.IsDrained() || l.Taken() != 100 {
		t.Errorf("notified %d times, %d samples were taken, want 100", rooms-was, l.Taken())
	}
	l.Push(TextMessage([]byte("mark")))
	l.End(TextMessage([]byte("done")))
	if pass(l); order(o) != "MARK DONE" || !pass(l) {
		t.Error("the stage is not over")
	}
}

// However a lane ends, its stage is told.
func TestAStageEndsWithItsLane(t *testing.T) {
	for name, end := range map[string]func(o *Outbox, l *Lane){
		"abandoned": func(_ *Outbox, l *Lane) { l.Abandon() },
		"closed": func(o *Outbox, l *Lane) {
			o.Close()
			l.End(TextMessage([]byte("done")))
		},
		"closed while the client leaves its end": func(o *Outbox, l *Lane) {
			l.End(TextMessage([]byte("done")))
			pass(l)
			o.Close()
		},
	} {
		o := NewOutbox(noWriter{}, nil)
		l, looks := staged(o, nil, func() {})
		for range 3 {
			l.Push(samples("a", 100)) // a fifth of a second is 200
		}
		pass(l)
		before := *looks
		end(o, l)
		if !pass(l) || *looks == before {
			t.Errorf("%s: the stage is not over, or was not told", name)
		}
	}
}

// A connection that ends takes the stages of generations with it that are over, and wait for their turn.
func TestAClosedOutboxTellsStagesThatWaitForTheirTurn(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	var c Turn
	staged(o, &c, func() {})
	l, looks := staged(o, &c, func() {})
	l.Push(samples("a", 10))
	l.End(TextMessage([]byte("done")))
	before := *looks
	o.Close()
	if *looks == before || !pass(l) {
		t.Error("the stage is not over, or was not told")
	}
}

// What was never heard of does not count as waiting.
func TestAnAbandonedLaneKeepsNothing(t *testing.T) {
	o := NewOutbox(noWriter{}, nil)
	l := o.NewLane(nil, 1000, func() {})
	l.Push(samples("a", 10))
	if l.Abandon(); o.queued != 0 {
		t.Errorf("%d bytes are counted", o.queued)
	}
}
