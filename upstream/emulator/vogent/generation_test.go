package vogent

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// longText lasts some seconds, so that there is time to cancel it.
const longText = "This is a long sentence that nobody will hear to its end, because the caller has something to say."

// types are the types of a generation's messages, several of the same type in a row as one.
func types(all []engine.Object, id string) (types []string) {
	for _, o := range all {
		if o["generationId"] == id {
			types = append(types, fmt.Sprint(o["type"]))
		}
	}
	return slices.Compact(types)
}

// A cancel ends its generation alone, and what follows is as the seed has drawn.
func TestVogentCancelStopsTheAudio(t *testing.T) {
	tests := map[string]struct {
		quirks []string
		want   []string // after the cancel, with late audio or without
	}{
		"silence":   {[]string{"cancelAnswer:none", "lateChunks:0"}, nil},
		"late":      {[]string{"cancelAnswer:none", "lateChunks:2"}, []string{"chunk"}},
		"finished":  {[]string{"cancelAnswer:finished", "lateChunks:0"}, []string{"finished"}},
		"error":     {[]string{"cancelAnswer:error", "lateChunks:0", "errorCloses:false"}, []string{"error"}},
		"both late": {[]string{"cancelAnswer:finished", "lateChunks:1"}, []string{"chunk", "finished"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := talk(t, engine.Options{Fault: engine.Fault{Kind: engine.Stall}}, tt.quirks...)
				c.send("g", longText, true, nil)
				c.send("g", "", false, engine.Object{"cancel": true})
				c.Await("the end", func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Over })
				c.Server.SetFault(engine.Fault{})
				c.send("next", "Hello.", true, nil)
				if got := types(c.until("next"), "g"); !slices.Equal(got, tt.want) {
					t.Errorf("after the cancel: got %q, want %q", got, tt.want)
				}
				if got := c.Server.Stats().Cancels; len(got) != 1 || got[0].ID != "g" {
					t.Errorf("cancels: got %v", got)
				}
			})
		})
	}
}

// What was spoken before a cancel is charged, and no more: a paced generation stops at once.
func TestVogentCanceledGenerationStopsBeingMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{Pace: 2}, "cancelAnswer:finished", "early:false")
		c.send("g", longText, true, nil)
		c.next()
		c.send("g", "", false, engine.Object{"cancel": true})
		c.until("g")
		if got := c.Server.Stats().Streams[0].Audio; got <= 0 || got > 3*time.Second {
			t.Errorf("made %v of audio, want what was sent before the cancel", got)
		}
	})
}

// A context's generations take turns though one between them is canceled before its own: the next still waits for
// the first, whether it came before the cancel or after it.
func TestVogentContextKeepsItsOrderBehindACanceledGeneration(t *testing.T) {
	for _, later := range []bool{false, true} {
		t.Run(fmt.Sprint(later), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := talk(t, engine.Options{}, "serial:true", "cancelAnswer:none", "lateChunks:0")
				shared := engine.Object{"contextId": "c"}
				c.send("g1", "Mine has no end yet", false, shared)
				c.send("g2", "Never heard.", true, shared)
				if !later {
					c.send("g3", "Last.", true, shared)
				}
				c.send("g2", "", false, engine.Object{"cancel": true})
				c.Await("the cancel", func(s engine.Stats) bool { return len(s.Streams) > 1 && s.Streams[1].Over })
				if later {
					c.send("g3", "Last.", true, shared)
				}
				c.send("other", "Not of the context.", true, nil)
				all := c.until("other")
				c.send("g1", ".", true, shared)
				all = append(all, c.until("g3")...)
				at := func(id, kind string) int {
					return slices.IndexFunc(all, func(o engine.Object) bool { return o["generationId"] == id && o["type"] == kind })
				}
				if one, three := at("g1", "finished"), at("g3", "chunk"); one < 0 || three < one {
					t.Errorf("g1 finished at %d, g3 spoke at %d", one, three)
				}
				if at("g2", "chunk") >= 0 {
					t.Error("g2 was heard")
				}
			})
		})
	}
}

// Where a context's generations don't take turns, one that waits for text holds up no other.
func TestVogentContextWithoutTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{}, "serial:false")
		c.send("g1", "Mine has no end yet", false, engine.Object{"contextId": "c"})
		c.send("g2", "Mine has.", true, engine.Object{"contextId": "c"})
		c.until("g2")
	})
}

func TestVogentLimits(t *testing.T) {
	many := make([]string, maxOpen)
	for i := range many {
		many[i] = fmt.Sprint("g", i)
	}
	half := strings.Repeat("a", maxText/2+1)
	tests := map[string]struct {
		open   []string // generations that wait for their last piece
		id     string
		pieces []string
		want   string
	}{
		"generations at once":   {many, "one more", []string{"Hello."}, "too many concurrent generations"},
		"text of two pieces":    {nil, "g", []string{half, half}, "text exceeds 5000 characters"},
		"characters, not bytes": {nil, "g", []string{strings.Repeat("ü", 10), strings.Repeat("ü", maxText-9)}, "text exceeds 5000 characters"},
		"length of an id":       {nil, strings.Repeat("g", maxID+1), []string{"Hello."}, "id is too long"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := talk(t, engine.Options{}, "errorCloses:false", "early:false", "serial:false")
				for _, id := range tt.open {
					c.send(id, "Waiting", false, nil)
				}
				for _, piece := range tt.pieces {
					c.send(tt.id, piece, false, nil)
				}
				if got := c.next(); got["type"] != "error" || got["generationId"] != tt.id || got["error"] != tt.want {
					t.Errorf("got %v, want %q", got, tt.want)
				}
			})
		})
	}
}

// A text of exactly the limit is spoken.
func TestVogentTakesTheLongestText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{Fault: engine.Fault{Kind: engine.WrongLength}})
		c.send("g", "Hello."+strings.Repeat(" ", maxText-6), true, nil)
		if all := c.until("g"); all[len(all)-1]["type"] != "finished" {
			t.Errorf("got %v", enginetest.Brief(all[len(all)-1]))
		}
	})
}

// A server that gives up fails a generation without its last piece, and one that does not waits.
func TestVogentGivesUpOnAQuietClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{Inactivity: 100 * time.Millisecond}, "errorCloses:false")
		c.send("g", "No end", false, nil)
		all := c.until("g")
		if got := all[len(all)-1]; got["error"] != "timed out waiting for text" {
			t.Errorf("got %v", enginetest.Brief(got))
		}
	})
}

// A socket that a server closes after an error takes nothing more.
func TestVogentClosesBehindAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{}, "errorCloses:true", "closeCode:1008")
		c.send("g", "Hello.", true, engine.Object{"voiceId": "nobody"})
		c.until("g")
		err := c.Next().Err
		if got := websocket.CloseStatus(err); got != websocket.StatusPolicyViolation {
			t.Errorf("got %v, want a close with 1008", err)
		}
		c.Await("the end of the socket", func(s engine.Stats) bool { return s.Sockets == 1 && s.OpenSockets == 0 && s.OpenContexts == 0 })
	})
}
