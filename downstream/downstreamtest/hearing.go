package downstreamtest

import (
	"errors"
	"io"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/relaytest"
)

// turn is what a client heard of one.
type turn struct {
	pcm    []byte
	words  []Word
	over   bool
	failed string // what the failure said; empty: there was none
}

// heard is a turn's audio as text.
func (u *turn) heard() string { return relaytest.Heard(u.pcm) }

// length is how long a turn's audio lasts.
func (u *turn) length() time.Duration {
	return audio.Duration(int64(len(u.pcm)/relaytest.FakeFormat.BytesPerSample()), relaytest.FakeRate)
}

// listener hears what a client does, by turns. Where the dialect names none, they are over in their order.
type listener struct {
	t     *testing.T
	c     Client
	order []string // of turns that have not ended
	turns map[string]*turn
	end   error // of the connection or request
}

func listen(t *testing.T, c Client, turns ...string) *listener {
	l := &listener{t: t, c: c, order: turns, turns: make(map[string]*turn)}
	for _, name := range turns {
		l.turns[name] = &turn{}
	}
	return l
}

// next hears one event; false: there is no more.
func (l *listener) next() bool {
	l.t.Helper()
	e, err := l.c.Next()
	if err != nil {
		l.end = err
		return false
	}
	if e.Turn == "" && len(l.order) > 0 {
		e.Turn = l.order[0]
	}
	of := l.turns[e.Turn]
	if of == nil {
		l.t.Fatalf("heard %d of turn %q, of which nothing should come", e.Kind, e.Turn)
	}
	switch e.Kind {
	case Audio:
		if of.over {
			l.t.Fatalf("audio of turn %q after its end", e.Turn)
		}
		of.pcm = append(of.pcm, e.PCM...)
	case Words:
		of.words = append(of.words, e.Words...)
	case Failed:
		of.failed = e.Reason
		if of.failed == "" {
			of.failed = "failed"
		}
	case Over:
		if of.over {
			l.t.Fatalf("turn %q is over twice", e.Turn)
		}
		of.over = true
		l.drop(e.Turn)
	}
	return true
}

func (l *listener) drop(name string) {
	for i, other := range l.order {
		if other == name {
			l.order = append(l.order[:i:i], l.order[i+1:]...)
			return
		}
	}
}

// untilOver hears until a turn is over or has failed, or the connection has ended.
func (l *listener) untilOver(name string) *turn {
	l.t.Helper()
	of := l.turns[name]
	for !of.over && of.failed == "" {
		if !l.next() {
			break
		}
	}
	return of
}

// untilAudio hears until the first audio of the first turn.
func (l *listener) untilAudio() {
	l.t.Helper()
	name := l.order[0]
	for len(l.turns[name].pcm) == 0 {
		if !l.next() {
			l.t.Fatalf("turn %q: no audio, but %v", name, l.end)
		}
	}
}

// spoken hears a turn to its end, which must be a good one with all of a text.
func (l *listener) spoken(name, text string) *turn {
	l.t.Helper()
	of := l.untilOver(name)
	switch want := relaytest.Letters(text); {
	case !of.over || of.failed != "":
		l.t.Fatalf("turn %q: over %v, failure %q, end %v; want it spoken", name, of.over, of.failed, l.end)
	case of.heard() != want:
		l.t.Fatalf("turn %q: heard %q, want %q", name, of.heard(), want)
	}
	return of
}

// refusedWith is the status that an error refuses with; 0: it does not.
func refusedWith(err error) int {
	var refused *Refused
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// wasClosed reports whether a connection was closed by the relay in good order.
func wasClosed(err error) bool { return errors.Is(err, io.EOF) }
