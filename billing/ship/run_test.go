package ship

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// bubble is a shipper that runs in fake time, with a Redis in the same process.
type bubble struct {
	t    *testing.T
	mini *miniredis.Miniredis
	rdb  *redis.Client
	out  *memoryOutbox
	s    *Shipper
	log  bytes.Buffer // written by the shipper; read while all goroutines wait

	mu    sync.Mutex // guards what follows
	down  bool       // no connection is to be had
	conns []net.Conn
}

var errDown = errors.New("down")

// inBubble runs a story, with the defaults of everything.
func inBubble(t *testing.T, story func(b *bubble)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{t: t, mini: miniredis.NewMiniRedis(), out: newMemoryOutbox()}
		options := clientOptions("127.0.0.1:1") // nobody looks it up, the dialer decides
		options.DisableIdentity = true
		options.Dialer = func(context.Context, string, string) (net.Conn, error) { return b.dial() }
		b.rdb = redis.NewClient(options)
		b.s = New(Config{Relay: "relay-1", Epoch: "e1", Log: zerolog.New(&b.log)}, b.out, b.rdb)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { b.s.Run(ctx) })
		story(b)
		cancel()
		wg.Wait()
		_ = b.rdb.Close()
		b.mini.Close()
	})
}

// after lets time pass.
func (b *bubble) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (b *bubble) dial() (net.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return nil, errDown
	}
	conn, err := b.mini.Dial()
	b.conns = append(b.conns, conn)
	return conn, err
}

// setDown takes Redis away, or gives it back.
func (b *bubble) setDown(down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
	for _, conn := range b.conns {
		_ = conn.Close()
	}
	b.conns = nil
}

func (b *bubble) mark() string {
	value, _ := b.mini.Get(markKey(stream{"e1", "acme"})) // "" where there is none
	return value
}

func (b *bubble) add(n int) {
	for range n {
		b.out.add("e1", someRecord("acme", 1))
	}
}

// ship adds records and has Redis get them.
func (b *bubble) ship(n int) {
	b.t.Helper()
	b.add(n)
	b.s.Wake("acme") // the shipper may have looked already
	b.after(time.Second)
	if got := b.mark(); got != strconv.Itoa(n) {
		b.t.Fatalf("mark = %q before anything is lost, want %d", got, n)
	}
}

func (b *bubble) logged(what string) int { return strings.Count(b.log.String(), what) }

func TestWokenShipperIsQuick(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.after(time.Second)
		b.add(1)
		b.s.Wake("acme")
		b.after(time.Millisecond)
		if got := b.mark(); got != "1" {
			t.Errorf("a millisecond after Wake the mark is %q, want 1", got)
		}
		b.add(1)
		b.s.Wake("acme")
		b.after(2 * time.Millisecond)
		if got := b.mark(); got != "1" {
			t.Errorf("the mark is %q already, want that the shipper gathers first", got)
		}
		b.after(gather)
		if got := b.mark(); got != "2" {
			t.Errorf("the mark is %q, want 2", got)
		}
	})
}

func TestWhatNobodyWokeForIsFoundAtTheHeartbeat(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.after(time.Second)
		b.add(3)
		b.after(defaultBeatEvery)
		if got := b.mark(); got != "3" {
			t.Errorf("mark = %q, want 3", got)
		}
	})
}

// Only a tenant's keys are gone, as where one server of a cluster lost them: no connection breaks, no heartbeat is missing.
func TestSilentLossIsMendedWithinAMinute(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.ship(5)
		for _, key := range b.mini.Keys() {
			if strings.Contains(key, "{acme}") {
				b.mini.Del(key)
			}
		}
		b.after(defaultCheckEvery + defaultBeatEvery)
		if got := b.mark(); got != "5" {
			t.Errorf("mark = %q, want 5", got)
		}
		if got := b.logged("redis lost usage records"); got != 1 {
			t.Errorf("the loss was logged %d times, want once", got)
		}
	})
}

func TestAnEmptiedRedisIsMendedAtTheHeartbeat(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.ship(5)
		b.mini.FlushAll()
		b.after(defaultBeatEvery + time.Second)
		if got := b.mark(); got != "5" {
			t.Errorf("mark = %q, want 5", got)
		}
	})
}

// While Redis is away the shipper tries now and then, says so once, and counts.
func TestRedisAway(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.add(1)
		b.after(time.Second)
		b.setDown(true)
		for range 100 {
			b.add(1)
			b.s.Wake("acme")
			b.after(10 * time.Second)
		}
		if got := b.s.Unshipped(); got < 99 || got > 100 {
			t.Errorf("Unshipped = %d, want the 100 but for the last", got)
		}
		b.setDown(false)
		b.after(lastRetry + time.Second)
		if got := b.mark(); got != "101" {
			t.Errorf("mark = %q, want 101", got)
		}
		if gone, back := b.logged("records are not shipped"), b.logged("are shipped again"); gone != 1 || back != 1 {
			t.Errorf("logged %d times that it was away and %d times that it is back, want once each:\n%s", gone, back, b.log.String())
		}
		if got := b.s.Unshipped(); got != 0 {
			t.Errorf("Unshipped = %d, want 0", got)
		}
	})
}

func TestUnreadableLedgerIsTriedAgain(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.after(time.Second)
		b.add(1)
		b.out.set(time.Time{}, true)
		b.s.Wake("acme")
		b.after(time.Minute)
		b.out.set(time.Time{}, false)
		b.after(lastRetry + time.Second)
		if got := b.mark(); got != "1" {
			t.Errorf("mark = %q, want 1", got)
		}
		if got := b.logged(errBroken.Error()); got != 1 {
			t.Errorf("logged %d times, want once", got)
		}
	})
}

// A server that hangs holds nothing up for longer than the timeout, and what it does late counts once.
func TestHungRedis(t *testing.T) {
	server := newRedisServer(t)
	rdb := server.newClient()
	l := startLoad(t, rdb)
	for range 2 {
		l.more(300)
		must(t, server.Signal(syscall.SIGSTOP))
		l.more(4000) // two seconds, twice the timeout
		must(t, server.Signal(syscall.SIGCONT))
	}
	l.mended(rdb)
}

func TestWarnsOfEviction(t *testing.T) {
	cases := map[string]struct {
		options []string
		want    bool
	}{
		"no bound":   {[]string{"--maxmemory-policy", "allkeys-lru"}, false},
		"evicts":     {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl"}, true},
		"evicts not": {[]string{"--maxmemory", "100mb", "--maxmemory-policy", "noeviction"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			server := newRedisServer(t, c.options...)
			New(Config{Log: zerolog.New(&log)}, newMemoryOutbox(), server.newClient()).warnOfEviction(t.Context())
			if got := strings.Contains(log.String(), "may evict"); got != c.want {
				t.Errorf("warned: %t, want %t: %s", got, c.want, log.String())
			}
		})
	}
}
