package vendorsocket_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

func TestStreamsBeginWithinASocketsLife(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{StreamsPerSocket: 2, Life: time.Minute, Idle: time.Hour}, func(_ *testing.T, b *bench) {
		first := b.join("a")
		time.Sleep(time.Minute - time.Nanosecond)
		second := b.join("a")
		b.sockets(1, 1)
		time.Sleep(time.Nanosecond)
		third := b.join("a")
		b.sockets(2, 2) // the first is spent, though there is room
		first.seat.Leave(true)
		b.sockets(2, 2) // one of its streams speaks on
		second.send("one")
		second.want("", "one")
		second.seat.Leave(true)
		b.sockets(2, 1)
		third.seat.Leave(true)
		b.sockets(2, 1) // is kept
	})
}

// A socket that nobody comes to is closed when its life is over, and another one is opened ahead in its place.
func TestSocketsOpenedAheadAreReplacedInTime(t *testing.T) {
	pooled(t, vendorsocket.PoolConfig{Life: 10 * time.Minute, Idle: time.Hour, Warm: 1}, func(t *testing.T, b *bench) {
		b.pool.Warm(t.Context())
		b.sockets(1, 1)
		time.Sleep(16 * time.Minute) // it is looked for each quarter of Idle
		b.sockets(2, 1)
		b.join("a").seat.Leave(true)
		b.sockets(3, 2) // the second carried a stream, and a third is opened ahead
	})
}

// mortal is a vendor's dialect whose greeting is a time.
type mortal struct{ dialect }

func (mortal) Greet(_ bool, data []byte) (reply []byte, ready bool, err *upstream.Error) {
	return nil, !strings.HasPrefix(string(data), "wait"), nil
}

func (mortal) Life(data []byte) time.Duration {
	life, _ := time.ParseDuration(string(data))
	return life
}

func (mortal) Frame(m *vendorsocket.Mux, _ bool, _ []byte) *upstream.Error {
	m.Answer(m.Greeting())
	return nil
}

func TestAVendorSaysHowLongItKeepsAConnection(t *testing.T) {
	for greeting, want := range map[string]time.Duration{"90s": 90 * time.Second, "3m": 2 * time.Minute, "hello": 2 * time.Minute} {
		t.Run(greeting, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers := make(chan string, 8)
				b := &bench{t: t, vendor: upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
					c.SendRaw([]byte("wait"))
					c.SendRaw([]byte(greeting))
					c.SendRaw([]byte("what did I say?"))
					for answer, ok := c.Next(); ok; answer, ok = c.Next() {
						answers <- string(answer)
					}
				})}
				defer b.vendor.Close()
				b.pool = vendorsocket.NewPool(mortal{}, vendorsocket.PoolConfig{
					Socket: vendorsocket.SocketConfig{HTTP: b.vendor.Client()}, StreamsPerSocket: 1, Life: 2 * time.Minute, Idle: time.Hour, Log: zerolog.Nop(),
				})
				defer b.pool.Close()
				b.join("a").seat.Leave(true)
				if got := <-answers; got != greeting {
					t.Errorf("the greeting is %q, want %q", got, greeting)
				}
				time.Sleep(want - time.Nanosecond)
				b.join("a").seat.Leave(true)
				b.sockets(1, 1)
				time.Sleep(time.Nanosecond)
				b.join("a").seat.Leave(true)
				b.sockets(2, 2)
			})
		})
	}
}

// Subprotocols are offered in their order; a vendor that takes none is taken for one that speaks the first.
func TestSubprotocolsAreOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		offers := make(chan string, 1)
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			offers <- c.Request.Header.Get("Sec-WebSocket-Protocol")
			echo(c)
		})
		defer vendor.Close()
		s, err := vendorsocket.Dial(t.Context(), upstreamtest.URL, http.Header{}, vendorsocket.SocketConfig{
			HTTP: vendor.Client(), Subprotocols: []string{"v1.json", "v0.json"},
		}, upstream.RefusedKind)
		if err != nil {
			t.Fatal(err)
		}
		if got := <-offers; got != "v1.json,v0.json" {
			t.Errorf("offered %q", got)
		}
		s.Fail(&upstream.Error{Kind: upstream.Canceled, Message: "the test is over"})
	})
}
