package vendorsocket_test

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

var (
	errTooLate = &upstream.Error{Kind: upstream.FirstAudioTimeout, Message: "no audio in time"}
	errStall   = &upstream.Error{Kind: upstream.Stalled, Message: "no audio in time"}
	errOther   = &upstream.Error{Kind: upstream.Canceled, Message: "another was faster"}
)

// A socket whose stream was given up carries no other where it may be dead: where nothing has come on it.
func TestASocketThatMayBeDeadIsNotUsedAgain(t *testing.T) {
	tests := map[string]struct {
		texts   []string // of the stream that is given up
		other   []string // of another on the socket, after those
		cause   error
		another bool // the next stream has another socket
	}{
		"nothing ever came":                {[]string{"hush"}, nil, errTooLate, true},
		"nothing came after the order":     {[]string{"one", "hush"}, nil, errTooLate, true},
		"nothing came in mid-speech":       {[]string{"one"}, nil, errStall, true},
		"another was answered after it":    {[]string{"hush"}, []string{"one"}, errTooLate, false},
		"another is being spoken after it": {[]string{"one"}, []string{"one"}, errStall, false},
		"the caller left":                  {[]string{"hush"}, nil, errOther, false},
		"nothing was ordered":              {nil, nil, errTooLate, false},
		"it has ended well":                {[]string{"one"}, nil, nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 4}, func(t *testing.T, b *bench) {
				s, other := b.join("a"), b.join("a")
				s.send(test.texts...)
				synctest.Wait()
				other.send(test.other...)
				synctest.Wait()
				s.seat.Doubt(test.cause)
				s.seat.Leave(true)
				next := b.join("a")
				next.send("one")
				next.want("", "one")
				opened := 1
				if test.another {
					opened = 2
				}
				b.sockets(opened, opened)
			})
		})
	}
}

// A dead socket costs one timeout: the next stream has another socket, and one on it that is unanswered goes on elsewhere.
func TestADeadSocketCostsOneTimeout(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 8}, func(t *testing.T, b *bench) {
		b.plan(true, true)
		b.join("a").seat.Leave(true)
		first := b.join("a")
		first.send("one")
		time.Sleep(second)
		waiting := b.join("a")
		waiting.send("two")
		b.sockets(1, 1)
		b.plan(false, false)
		time.Sleep(500 * time.Millisecond)
		first.seat.Doubt(errTooLate)
		first.seat.Leave(false)
		next := b.join("a")
		next.send("one")
		next.want("", "one")
		time.Sleep(2*second + 1)
		waiting.want("", "two") // its socket has answered no ping
	})
}

// Where one socket of a pool is dead others may be: they carry no stream before they have given a sign of life.
func TestASocketInDoubtWaitsForASign(t *testing.T) {
	for name, silent := range map[string]bool{"dead as well": true, "alive": false} {
		t.Run(name, func(t *testing.T) {
			pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 1}, func(t *testing.T, b *bench) {
				b.vendor.SetPlan(upstreamtest.Plan{NoPong: silent})
				s, idle := b.join("a"), b.join("a")
				idle.seat.Leave(true)
				s.send("hush")
				synctest.Wait()
				s.seat.Doubt(errTooLate)
				s.seat.Leave(true)
				synctest.Wait() // a pong has come, if one does
				b.join("a")
				opened := 2
				if silent {
					opened = 3
				}
				b.sockets(opened, opened-1)
				time.Sleep(3 * second)
				if _, open := b.vendor.Sockets(); open != 1 {
					t.Errorf("%d sockets are open, want the new stream's", open)
				}
			})
		})
	}
}

// Sockets opened ahead that died without a sign cost one timeout, though each of them carries one stream.
func TestSocketsAheadInDoubtAreNotUsed(t *testing.T) {
	cfg := vendorsocket.PoolConfig{SingleUse: true, Warm: 3}
	pooled(t, cfg, func(t *testing.T, b *bench) {
		b.plan(true, true)
		b.pool.Warm(t.Context())
		s := b.join("")
		s.send("one")
		synctest.Wait()
		b.plan(false, false)
		s.seat.Doubt(errTooLate)
		s.seat.Leave(false)
		for range 3 {
			next := b.join("")
			next.send("one")
			next.want("", "one")
			next.seat.Leave(true)
		}
	})
}
