package upstream_test

import (
	"context"
	"errors"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

var errBargeIn = errors.New("barge-in")

// A stream takes pieces up to its last, and none once it is closed or has ended.
func TestALifetimeTakesPiecesUpToTheLast(t *testing.T) {
	for name, c := range map[string]struct {
		before func(l *upstream.Lifetime)
		want   upstream.Kind // empty: the piece may come
	}{
		"open":           {func(*upstream.Lifetime) {}, ""},
		"after a piece":  {func(l *upstream.Lifetime) { _ = l.OrderLocked(upstream.Piece{}) }, ""},
		"after the last": {func(l *upstream.Lifetime) { _ = l.OrderLocked(upstream.Piece{Last: true}) }, upstream.Rejected},
		"closed":         {func(l *upstream.Lifetime) { l.BeginClose() }, upstream.Rejected},
		"ended":          {func(l *upstream.Lifetime) { l.EndLocked(upstream.Usage{}, nil) }, upstream.Dropped},
	} {
		t.Run(name, func(t *testing.T) {
			l := upstream.NewLifetime(&upstreamtest.Quiet{})
			c.before(&l)
			err := l.OrderLocked(upstream.Piece{ID: 1, Last: true})
			if (err == nil) != (c.want == "") || err != nil && upstream.KindOf(err) != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if l.LastLocked() != (c.want == "" || name == "after the last") {
				t.Errorf("the last piece is ordered: %t", l.LastLocked())
			}
		})
	}
}

// The cause that Close was given goes before any other, and is one even where none was given.
func TestALifetimeEndsWithTheCauseOfItsClose(t *testing.T) {
	for name, c := range map[string]struct{ cause, want error }{
		"a cause":  {errBargeIn, errBargeIn},
		"no cause": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &upstreamtest.Loose{TB: t}
			l := upstream.NewLifetime(sink)
			if !l.BeginClose() || !l.Stop(c.cause) || !l.StoppedLocked() || !l.SilentLocked() || l.EndedLocked() {
				t.Error("the stream is not stopped")
			}
			if l.BeginClose() {
				t.Error("a stream is closed twice")
			}
			l.EndLocked(upstream.Usage{Withheld: 2}, &upstream.Error{Kind: upstream.Dropped})
			if c.want != nil && !errors.Is(sink.Err, c.want) || c.want == nil && upstream.KindOf(sink.Err) != upstream.Canceled {
				t.Errorf("got %v, want %v", sink.Err, c.want)
			}
			if sink.Ends != 1 || sink.Used.Withheld != 2 {
				t.Errorf("the sink has %+v", sink)
			}
		})
	}
}

// A stream ends once: a second end changes nothing.
func TestALifetimeEndsOnce(t *testing.T) {
	sink := &upstreamtest.Loose{TB: t}
	l := upstream.NewLifetime(sink)
	l.EndLocked(upstream.Usage{Withheld: 1}, nil)
	l.EndLocked(upstream.Usage{Withheld: 2}, errBargeIn)
	if sink.Ends != 1 || sink.Err != nil || sink.Used.Withheld != 1 {
		t.Errorf("the sink has %d ends, %v, %+v", sink.Ends, sink.Err, sink.Used)
	}
}

// A stream that has ended can't be stopped, so that its end stays what it was.
func TestALifetimeThatHasEndedIsNotStopped(t *testing.T) {
	l := upstream.NewLifetime(&upstreamtest.Quiet{})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if l.AwaitEnd(gone) {
		t.Error("the stream has ended before its end")
	}
	l.EndLocked(upstream.Usage{}, nil)
	if l.Stop(errBargeIn) || l.StoppedLocked() || !l.EndedLocked() || !l.SilentLocked() {
		t.Error("the stream was stopped after its end")
	}
	if !l.AwaitEnd(t.Context()) {
		t.Error("the end is waited for in vain")
	}
}

// The sink hears of a number of withheld pieces once.
func TestALifetimeTellsWhatChanges(t *testing.T) {
	var told []int
	l := upstream.NewLifetime(&withheld{told: &told})
	for _, n := range []int{0, 1, 1, 0, 0, 2} {
		l.WithholdLocked(n)
	}
	if want := []int{1, 0, 2}; len(told) != 3 || told[0] != want[0] || told[1] != want[1] || told[2] != want[2] {
		t.Errorf("told %v, want %v", told, want)
	}
}

// withheld is a sink that keeps what it is told of pieces kept back.
type withheld struct {
	upstreamtest.Quiet
	told *[]int
}

func (w *withheld) Withheld(n int) { *w.told = append(*w.told, n) }
