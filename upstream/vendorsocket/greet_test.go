package vendorsocket_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// polite is a vendor's dialect that wants "hello" answered and says "come in" then.
type polite struct{ dialect }

func (polite) Greet(_ bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	switch string(data) {
	case "hello":
		return []byte("hello yourself"), false, nil
	case "come in":
		return nil, true, nil
	}
	return nil, false, &upstream.Error{Kind: upstream.AuthFailed, Message: "not welcome"}
}

// door is a script that greets with these words, waiting for an answer after the first, and echoes from then on.
func door(words ...string) func(*upstreamtest.Conn) {
	return func(c *upstreamtest.Conn) {
		for i, word := range words {
			c.SendRaw([]byte(word))
			if i == 0 {
				if answer, _ := c.Next(); string(answer) != "hello yourself" {
					return
				}
			}
		}
		echo(c)
	}
}

// greeted runs a test with a pool of a polite dialect.
func greeted(t *testing.T, script func(*upstreamtest.Conn), test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, vendor: upstreamtest.NewVendor(script)}
		defer b.vendor.Close()
		b.pool = vendorsocket.NewPool(polite{}, vendorsocket.PoolConfig{
			Socket:           vendorsocket.SocketConfig{HTTP: b.vendor.Client()},
			StreamsPerSocket: 1, Log: zerolog.Nop(),
		})
		defer b.pool.Close()
		test(t, b)
	})
}

func TestASocketIsGreetedBeforeItsStreams(t *testing.T) {
	greeted(t, door("hello", "come in"), func(_ *testing.T, b *bench) {
		s := b.join("a")
		s.send("words")
		s.want("", "words")
		s.seat.Leave(true)
	})
}

func TestASocketThatIsNotGreetedIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		script func(*upstreamtest.Conn)
		kind   upstream.Kind
		took   time.Duration
	}{
		"turned away":       {door("hello", "who are you"), upstream.AuthFailed, 0},
		"closed":            {func(c *upstreamtest.Conn) { c.Close(4001) }, upstream.AuthFailed, 0},
		"dropped":           {func(c *upstreamtest.Conn) { c.Drop() }, upstream.Dropped, 0},
		"left in the cold":  {func(c *upstreamtest.Conn) { <-c.Over() }, upstream.ConnectFailed, 10 * second},
		"left half-way":     {func(c *upstreamtest.Conn) { c.SendRaw([]byte("hello")); <-c.Over() }, upstream.ConnectFailed, 10 * second},
		"too many words":    {func(c *upstreamtest.Conn) { c.SendRaw(make([]byte, 5<<20)) }, upstream.Garbled, 0},
		"closed by the way": {func(c *upstreamtest.Conn) { c.SendRaw([]byte("hello")); c.Close(4000) }, upstream.AuthFailed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			greeted(t, c.script, func(t *testing.T, b *bench) {
				began := time.Now()
				_, err := b.try("a", "")
				wantKind(t, err, c.kind)
				if took := time.Since(began); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				b.sockets(1, 0)
			})
		})
	}
}

func TestAGreetingIsCutShort(t *testing.T) {
	silent := func(c *upstreamtest.Conn) { <-c.Over() }
	gone := errors.New("the caller is gone")
	greeted(t, silent, func(t *testing.T, b *bench) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(second, func() { cancel(gone) })
		err := b.pool.Join(ctx, &vendorsocket.Seat{}, vendorsocket.Want{ID: "x", Key: "a", Member: &member{t: t}})
		wantKind(t, err, upstream.Canceled)
		if !errors.Is(err, gone) {
			t.Errorf("got %v, want the cause in it", err)
		}
	})
	greeted(t, silent, func(t *testing.T, b *bench) {
		time.AfterFunc(second, b.pool.Close)
		_, err := b.try("a", "")
		wantKind(t, err, upstream.Canceled)
	})
}

// answering is a dialect that answers every frame.
type answering struct{ dialect }

func (answering) Frame(m *vendorsocket.Mux, _ bool, data []byte) *upstream.Error {
	m.Answer([]byte("re: " + string(data)))
	return nil
}

func TestFramesAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan string, 100)
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			c.SendRaw([]byte("one"))
			c.SendRaw([]byte("two"))
			for range 2 {
				answer, _ := c.Next()
				answers <- string(answer)
			}
			close(answers)
		})
		defer vendor.Close()
		pool := vendorsocket.NewPool(answering{}, vendorsocket.PoolConfig{
			Socket:           vendorsocket.SocketConfig{HTTP: vendor.Client()},
			StreamsPerSocket: 1, Log: zerolog.Nop(),
		})
		defer pool.Close()
		if err := pool.Join(t.Context(), &vendorsocket.Seat{}, vendorsocket.Want{ID: "x", Key: "a", Member: &member{t: t}}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"re: one", "re: two"} {
			if got := <-answers; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

// TestAVendorThatTakesNoAnswersIsGivenUp has one that asks and asks, and reads nothing: its reader must not wait.
func TestAVendorThatTakesNoAnswersIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			for range 5000 { // more than the client's queue and the script's inbox hold
				c.SendRaw([]byte("again"))
			}
			for _, open := c.Next(); open; _, open = c.Next() {
			}
		})
		defer vendor.Close()
		pool := vendorsocket.NewPool(answering{}, vendorsocket.PoolConfig{
			Socket:           vendorsocket.SocketConfig{HTTP: vendor.Client()},
			StreamsPerSocket: 1, Log: zerolog.Nop(),
		})
		defer pool.Close()
		s := &member{t: t}
		if err := pool.Join(t.Context(), &vendorsocket.Seat{}, vendorsocket.Want{ID: "x", Key: "a", Member: s}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(second)
		s.want(upstream.Dropped)
	})
}

// choosy is a vendor's dialect that says its key on a new socket.
type choosy struct{ dialect }

func (choosy) GreetKey(key string, _ bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	if string(data) == "hello" {
		return []byte(key), false, nil
	}
	return nil, true, nil
}

// A socket is greeted for the streams that it was opened for.
func TestASocketIsGreetedByItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := make(chan string, 2)
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			c.SendRaw([]byte("hello"))
			key, _ := c.Next()
			keys <- string(key)
			c.SendRaw([]byte("come in"))
			echo(c)
		})
		defer vendor.Close()
		b := &bench{t: t, vendor: vendor}
		b.pool = vendorsocket.NewPool(choosy{}, vendorsocket.PoolConfig{
			Socket:           vendorsocket.SocketConfig{HTTP: vendor.Client()},
			StreamsPerSocket: 1, AddressByKey: true, Log: zerolog.Nop(),
		})
		defer b.pool.Close()
		for _, key := range []string{"one", "two"} {
			seat := &vendorsocket.Seat{}
			if err := b.pool.Join(t.Context(), seat, vendorsocket.Want{ID: key, Key: key, Member: &member{t: t}}); err != nil {
				t.Fatal(err)
			}
			if got := <-keys; got != key {
				t.Errorf("greeted for %q, want %q", got, key)
			}
			seat.Leave(true)
		}
	})
}
