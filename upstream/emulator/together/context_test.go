package together

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/engine"
)

const longSentence = "This is a long sentence that nobody will hear to its end, because the caller has something to say."

// Contexts speak at once, or one after the other.
func TestTogetherContextsInParallel(t *testing.T) {
	for _, serial := range []bool{false, true} {
		t.Run(fmt.Sprintf("serial %t", serial), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := drawn(t, fmt.Sprintf("serial:%t", serial), "echo:named")
				o.Pace, o.Chunk = 8, 100*time.Millisecond
				c := open(t, o, speechQuery)
				c.speak("a", longSentence)
				c.until(delta)
				c.speak("b", "Hello.")
				all := of(c.until(done), done)
				if got, want := all[0]["context_id"], map[bool]string{false: "b", true: "a"}[serial]; got != want {
					t.Errorf("%v was complete first, want %s", got, want)
				}
			})
		})
	}
}

// What the client said is in the stats: its texts and commits, and a stream that is over whenever it has nothing left.
func TestTogetherStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, engine.Options{Seed: 3}, speechQuery)
		c.Send(appendFrame("a", "Hello"), appendFrame("a", " there."))
		if !c.Server.WaitFor(func(s engine.Stats) bool {
			return len(s.Streams) == 1 && len(s.Streams[0].Texts) == 2 && s.OpenContexts == 1
		}, 5*time.Second) {
			t.Errorf("got %+v, want two texts that wait", c.Server.Stats())
		}
		c.Send(commitFrame("a"))
		c.until(done)
		if !c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 && s.Streams[0].Over }, 5*time.Second) {
			t.Errorf("got %+v, want nothing left", c.Server.Stats())
		}
		c.Send(appendFrame("a", "More"))
		if !c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 1 && !s.Streams[0].Over }, 5*time.Second) {
			t.Errorf("got %+v, want the context to have something again", c.Server.Stats())
		}
		_ = c.Conn.CloseNow() // the client leaves
		if !c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 && s.OpenSockets == 0 }, 5*time.Second) {
			t.Errorf("got %+v, want nothing open", c.Server.Stats())
		}
		s := c.Server.Stats()
		if got := s.Streams[0]; len(s.Streams) != 1 || got.ID != "a" || got.Flushes != 1 || !slices.Equal(got.Texts, []string{"Hello", " there.", "More"}) {
			t.Errorf("got %+v", s.Streams)
		}
	})
}
