package conversations

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/routing"
)

// relay is a registry that shares what it knows, over connections that dial makes.
func relay(t *testing.T, dial func() (net.Conn, error)) *Registry {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true, MaxRetries: -1,
		PoolSize: 1000, // nobody may have to wait for one, since the client's timers outlive a bubble of fake time
		Dialer:   func(context.Context, string, string) (net.Conn, error) { return dial() },
	})
	shared := NewShared(client, zerolog.Nop())
	t.Cleanup(func() {
		shared.Close()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Registry{Shared: shared}
}

func wantAsked(t *testing.T, r *Registry, want routing.Target) {
	t.Helper()
	if got := r.ask(t.Context(), call1, time.Now()).Target; got != want {
		t.Errorf("last spoken by %q, want %q", got, want)
	}
}

func TestRelaysKnowEachOthersConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := miniredis.NewMiniRedis()
		t.Cleanup(store.Close)
		here, there := relay(t, store.Dial), relay(t, store.Dial)
		wantAsked(t, there, routing.Target{})
		asked := time.Now()
		here.Note(call1, Heard{oak, asked}, time.Now(), kept)
		synctest.Wait()
		wantAsked(t, there, oak)
		time.Sleep(time.Second)
		there.Note(call1, Heard{elm, time.Now()}, time.Now(), kept)
		synctest.Wait()
		wantAsked(t, here, elm) // though it knows of another by itself
		for _, name := range store.Keys() {
			if strings.Contains(name, call1.Name) {
				t.Errorf("the store has the client's own words: %s", name)
			}
			if ttl := store.TTL(name); ttl != kept {
				t.Errorf("%s is kept for %v, want %v", name, ttl, kept)
			}
		}
	})
}

// A store that hangs is waited for once, and what the relay knows by itself is not lost by that.
func TestAStoreThatHangsIsWaitedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := relay(t, func() (net.Conn, error) {
			near, far := net.Pipe() // nobody reads what is asked
			t.Cleanup(func() { _, _ = near.Close(), far.Close() })
			return near, nil
		})
		r.note(call1, Heard{oak, time.Now()}, time.Now(), kept)
		for i, want := range []time.Duration{Patience, 0, 0} {
			began := time.Now()
			wantAsked(t, r, oak)
			if took := time.Since(began); took != want {
				t.Errorf("question %d took %v, want %v", i+1, took, want)
			}
		}
		time.Sleep(rest)
		began := time.Now()
		wantAsked(t, r, oak)
		if took := time.Since(began); took != Patience {
			t.Errorf("after a rest a question took %v, want %v", took, Patience)
		}
	})
}

func TestOddNotesAreNone(t *testing.T) {
	want := Heard{oak, time.UnixMicro(1_764_493_200_000_001)}
	if got := decode(encode(want)); got != want {
		t.Errorf("got %v of what is written of %v", got, want)
	}
	for _, odd := range []string{"", " ", "1", "1 ", "x oak", "oak 1"} {
		if got := decode(odd); got != (Heard{}) {
			t.Errorf("%q: got %v, want nothing", odd, got)
		}
	}
}
