package together

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// At most 100 contexts: the one beyond is refused, unless others have spoken and are let go.
func TestTogetherContextLimit(t *testing.T) {
	fill := func(c client, speak bool) {
		for i := range maxContexts {
			id := "c" + strings.Repeat("x", i)
			if speak {
				c.speak(id, "Hi.")
				c.until(done)
			} else {
				c.Send(appendFrame(id, "Hi."))
				c.until(received)
			}
		}
	}
	for name, tt := range map[string]struct {
		quirks []string
		speak  bool
		want   string
	}{
		"by failure": {[]string{"contextsFreed:false", "overflowEvent:false"}, true, failed},
		"by error":   {[]string{"contextsFreed:false", "overflowEvent:true"}, true, "error"},
		"none spent": {[]string{"contextsFreed:true", "overflowEvent:false"}, false, failed},
		"freed":      {[]string{"contextsFreed:true"}, true, received},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, drawn(t, tt.quirks...), speechQuery)
				fill(c, tt.speak)
				if !tt.speak || c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 10*time.Second) {
					c.Send(appendFrame("one too many", "Hi."))
				}
				if got := c.Fields(); got["type"] != tt.want {
					t.Errorf("got %v, want %s", got, tt.want)
				}
			})
		})
	}
	t.Run("a cancel makes room", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := open(t, drawn(t, "contextsFreed:false"), speechQuery)
			fill(c, false)
			c.Send(cancelFrame("cx"), appendFrame("another", "Hi."))
			c.until(cancelled, received)
		})
	})
}

// A client that floods is answered, and what waits is bounded.
func TestTogetherFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, drawn(t, "partialAlways:false"), speechQuery)
		half := strings.Repeat("word ", maxWaiting/5/2+1)
		c.Send(appendFrame("a", half), appendFrame("a", half), appendFrame("b", "Hi."))
		got := c.until(received, failed, received)
		if n := len(of(got, received)); n != 2 {
			t.Errorf("%d texts were taken, want 2", n)
		}

		o := drawn(t, "partialAlways:false")
		o.FirstAudio = time.Minute // nothing gets away
		c = open(t, o, "?voice=af_heart")
		c.Send(appendFrame("a", strings.Repeat("a. ", maxItems+10)))
		c.until(received, failed)
	})
}

// A socket on which nothing is said is closed, where the vendor does so; a ping is something, or it is not.
func TestTogetherIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const idle, ping = 30 * time.Second, 20 * time.Second
		for _, counts := range []bool{true, false} {
			c := open(t, drawn(t, "idleSeconds:30", fmt.Sprintf("pingsCount:%t", counts), "idleCode:1001"), speechQuery)
			began := time.Now()
			time.Sleep(ping)
			if err := c.Conn.Ping(t.Context()); err != nil {
				t.Errorf("ping: %v", err)
			}
			if got := c.closeCode(); got != 1001 {
				t.Errorf("got close code %d, want 1001", got)
			}
			want := idle
			if counts {
				want += ping
			}
			if took := time.Since(began).Truncate(time.Second); took != want {
				t.Errorf("pings count %t: closed after %v, want %v", counts, took, want)
			}
		}
	})
}
