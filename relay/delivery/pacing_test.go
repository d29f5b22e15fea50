package delivery

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// wakes is the writer of an outbox that counts how often it is woken.
type wakes struct{ atomic.Int64 }

func (w *wakes) Wake()             { w.Add(1) }
func (w *wakes) WriteDirect() bool { return false }

// quarter is a message of 250 ms of audio.
func quarter() *Message {
	m := NewMessage(websocket.MessageText, 10)
	m.Samples = 6000
	return m
}

// takeAll is how much audio may be sent now.
func takeAll(o *Outbox) (all time.Duration) {
	for _, m := range o.Take(nil, 1<<20) {
		all += time.Duration(m.Samples) * time.Second / 24000
		m.Release()
	}
	return all
}

// Audio goes out no further ahead of its playback than the lead, in each lane, and the writer is woken when more may go.
func TestAudioIsSentAtMostTheLeadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writer wakes
		o := NewOutbox(&writer, nil)
		o.pace.lead = 2 * time.Second
		a, b := released(o, nil, func() {}), released(o, nil, func() {})
		for range 40 { // ten seconds of each
			a.Push(quarter())
			b.Push(quarter())
		}
		if got := takeAll(o); got != 4500*time.Millisecond {
			t.Errorf("%v of two lanes goes out at once, want 2 s of each and a message", got)
		}
		if !o.resting() {
			t.Error("there is something to do, though all that waits is too early")
		}
		before := writer.Load()
		time.Sleep(time.Second)
		synctest.Wait()
		if writer.Load() == before {
			t.Error("the writer was not woken when more might go out")
		}
		if got := takeAll(o); got != 2*time.Second {
			t.Errorf("a second later %v more goes out, want one second of each lane", got)
		}
		a.Purge()
		b.Purge()
		if got := takeAll(o); got != 0 {
			t.Errorf("%v of what was stopped goes out", got)
		}
		o.Close()
	})
}

// What is no audio goes out at once, unless it comes behind audio of its generation that waits.
func TestOnlyAudioWaitsForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := NewOutbox(noWriter{}, nil)
		o.pace.lead = 200 * time.Millisecond
		a, b := released(o, nil, func() {}), released(o, nil, func() {})
		a.Push(quarter())
		a.Push(quarter())
		a.Push(TextMessage([]byte("words")))
		b.Push(TextMessage([]byte("error")))
		o.Send(TextMessage([]byte("own")))
		if got, want := order(o), "own  error"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		time.Sleep(50 * time.Millisecond)
		if got, want := order(o), " words"; got != want {
			t.Errorf("50 ms later: got %q, want %q", got, want)
		}
		o.Close()
	})
}
