package together

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/engine"
)

const longSentence = "This is a long sentence that nobody will hear to its end, because the caller has something to say."

// What is sent about a context names it: never, where the client named it, or always. The default one has a name too.
func TestTogetherContextEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ack := range []bool{false, true} {
			for echo, want := range map[string]map[string]any{
				"none":  {"": nil, "c1": nil},
				"named": {"": nil, "c1": "c1"},
				"all":   {"": "default", "c1": "c1"},
			} {
				o := drawn(t, "echo:"+echo, fmt.Sprintf("echoAck:%t", ack))
				c := open(t, o, speechQuery+"&alignment=word")
				for id, want := range want {
					c.speak(id, "Hello.")
					for _, m := range c.until(done) {
						wanted := want
						if m["type"] == received && !ack {
							wanted = nil
						}
						if m["context_id"] != wanted {
							t.Errorf("echo %s, context %q: %v has context_id %v, want %v", echo, id, m["type"], m["context_id"], wanted)
						}
					}
				}
			}
		}
	})
}

// A cancel stops a context, is confirmed, and leaves the others alone. What was under way may follow it.
func TestTogetherCancel(t *testing.T) {
	for late := range 3 {
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("late %d done %t", late, end), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := drawn(t, fmt.Sprintf("lateFrames:%d", late), fmt.Sprintf("lateDone:%t", end), "echo:named", "serial:false", "itemsPerContext:false")
					o.Pace, o.Chunk = 1, 100*time.Millisecond
					c := open(t, o, speechQuery)
					c.speak("turn-1", longSentence)
					c.until(delta)
					c.Send(cancelFrame("turn-1"))
					c.until(cancelled)
					c.speak("turn-2", "Go ahead.")
					all := c.until(done)
					for len(of(all, done)) < map[bool]int{true: 2, false: 1}[end] {
						all = append(all, c.until(done)...)
					}
					after := slices.DeleteFunc(all, func(o engine.Object) bool { return o["context_id"] != "turn-1" })
					if got := len(of(after, delta)); got != late {
						t.Errorf("%d deltas follow the cancel, want %d", got, late)
					}
					if got := len(of(after, done)) == 1; got != end {
						t.Errorf("a done follows the cancel: %t, want %t", got, end)
					}
					if s := c.Server.Stats(); len(s.Cancels) != 1 || s.Cancels[0].ID != "turn-1" || !s.Streams[0].Over {
						t.Errorf("got %+v", s)
					}
					if s := c.Server.Stats().Streams[0]; s.Audio > 2*time.Second {
						t.Errorf("%v were generated in spite of the cancel", s.Audio)
					}
				})
			})
		}
	}
}

func TestTogetherCancelOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, confirmed := range []bool{false, true} {
			c := open(t, drawn(t, fmt.Sprintf("cancelUnknown:%t", confirmed), "ignoresUnknown:false"), speechQuery)
			c.Send(cancelFrame("nobody"))
			if got := len(of(c.fence(), cancelled)) == 1; got != confirmed {
				t.Errorf("confirmed: got %t, want %t", got, confirmed)
			}
		}
	})
}

// After the cancel of a context that has said all, nothing is late.
func TestTogetherCancelOfTheSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, drawn(t, "lateFrames:0", "lateDone:true"), speechQuery)
		c.speak("a", "Hello.")
		c.until(done)
		c.Send(cancelFrame("a"))
		c.until(cancelled)
		c.speak("b", longSentence)
		if all := c.until(done); all[len(all)-1]["item_id"] == "" || len(of(all, delta)) < 2 {
			t.Errorf("got %v after the cancel", kindsOf(all))
		}
	})
}

// A clear drops what is buffered and leaves what is being spoken. What was committed and has not begun goes, or stays.
func TestTogetherClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, queued := range []bool{false, true} {
			o := drawn(t, fmt.Sprintf("clearsQueued:%t", queued), "echo:named", "itemsPerContext:false")
			o.Pace = 8
			c := open(t, o, speechQuery)
			c.speak("a", longSentence)
			c.until(delta)
			c.speak("a", "Second.")
			c.Send(appendFrame("a", "Never heard."), clientFrame("input_text_buffer.clear", "a", nil))
			c.fence()
			c.until(done)
			if !queued {
				c.until(done)
			}
			if !c.Server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 10*time.Second) {
				t.Fatal("the cleared context still has something to say")
			}
			c.speak("a", "End.")
			all := c.until(done)
			want := map[bool]string{true: "tts_2", false: "tts_3"}[queued]
			if got := all[len(all)-1]["item_id"]; got != want {
				t.Errorf("clearsQueued %t: the last item is %v, want %s", queued, got, want)
			}
		}
	})
}

// What is said about a commit of nothing, and about a text without a letter.
func TestTogetherNothingToSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nothing, unspeakable := []string{commitFrame("")}, []string{appendFrame("", " ... "), commitFrame("")}
		for _, c := range []struct {
			quirk        string
			frames, want []string
		}{
			{"emptyCommit:nothing", nothing, nil},
			{"emptyCommit:done", nothing, []string{done}},
			{"unspeakable:nothing", unspeakable, nil},
			{"unspeakable:done", unspeakable, []string{done}},
			{"unspeakable:failed", unspeakable, []string{failed}},
		} {
			client := open(t, drawn(t, c.quirk), speechQuery)
			client.Send(c.frames...)
			client.speak("", "Hello.")
			all := client.until(append(slices.Clone(c.want), delta)...)
			if got := kindsOf(of(all, done, failed)); !slices.Equal(got, c.want) {
				t.Errorf("%s: got %v before the next item, want %v", c.quirk, got, c.want)
			}
		}
	})
}

// A commit makes one item, or one of each sentence; and a long text makes some without it, or does not.
func TestTogetherItemsOfACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, splits := range []bool{false, true} {
			c := open(t, drawn(t, fmt.Sprintf("splitsCommits:%t", splits), "lateFrames:0"), speechQuery)
			c.speak("", "Hello! How are you? Well")
			want := map[bool]int{false: 1, true: 3}[splits]
			for range want {
				c.until(done)
			}
			if rest := c.fence(); len(of(rest, done, delta)) > 0 {
				t.Errorf("splits %t: got %v besides %d items", splits, rest, want)
			}
		}
		for _, always := range []bool{false, true} {
			o := drawn(t, fmt.Sprintf("partialAlways:%t", always))
			c := open(t, o, speechQuery+"&max_partial_length=20")
			c.Send(appendFrame("", "this goes on and on without"))
			if always {
				c.until(done)
			}
			if got := of(c.fence(), delta, done); len(got) > 0 {
				t.Errorf("always %t: got %v before the commit", always, got)
			}
		}
	})
}

// Items count by connection, or by context so that two have the same id.
func TestTogetherItemIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for perContext, want := range map[bool]string{false: "tts_1 tts_2 tts_3", true: "tts_1 tts_1 tts_2"} {
			c := open(t, drawn(t, fmt.Sprintf("itemsPerContext:%t", perContext)), speechQuery)
			var ids []string
			for _, id := range []string{"a", "b", "a"} {
				c.speak(id, "Hello.")
				all := c.until(done)
				ids = append(ids, all[len(all)-1]["item_id"].(string))
			}
			if got := strings.Join(ids, " "); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

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

// A change of the settings holds for its context, or for all, and is confirmed or not.
func TestTogetherUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, drawn(t, "updatedSent:true", "echo:named", "foreignVoice:failed"), speechQuery)
		c.Send(
			`{"type":"tts_session.updated","context_id":"b","session":{"voice":"tara"}}`,
			`{"type":"tts_session.updated","session":{"speed":2}}`,
		)
		c.until("session.updated", "session.updated")
		c.speak("a", "Hello.")
		c.until(done)
		c.speak("b", "Hello.") // with a voice that is none of the model's
		c.until(failed)
		c.Send(`{"type":"tts_session.updated","session":{"model":"canopylabs/orpheus-3b-0.1-ft"}}`)
		c.speak("b", "Hello.")
		c.until("session.updated", done)
		for _, bad := range []string{`{"model":"nobody"}`, `{"speed":0}`} {
			for _, id := range []string{"", `,"context_id":"b"`} {
				c.Send(`{"type":"tts_session.updated","session":` + bad + id + `}`)
				if got := c.read(); got["type"] != failed || (got["context_id"] == "b") != (id != "") {
					t.Errorf("%s%s: got %v, want a failure", bad, id, got)
				}
			}
		}
		c.speak("b", "Hello.") // what was refused changed nothing
		c.until(done)

		c = open(t, drawn(t, "updatedSent:false"), speechQuery)
		c.Send(`{"type":"tts_session.updated","session":{"voice":"af_bella"}}`)
		if got := c.fence(); len(got) > 0 {
			t.Errorf("got %v, want no answer", got)
		}
	})
}

// What a client does wrong is answered by the error event, in either shape, or an unknown type by nothing.
func TestTogetherMisuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		frames := map[string]string{
			"no JSON": `{`, "no object": `[]`, "text of a wrong type": `{"type":"input_text_buffer.append","text":1}`,
			"no text": `{"type":"input_text_buffer.append"}`, "no session": `{"type":"tts_session.updated"}`,
			"no context": `{"type":"context.cancel"}`, "long context": cancelFrame(strings.Repeat("x", maxID+1)),
			"unknown": `{"type":"no.such.message"}`,
		}
		for _, flat := range []bool{false, true} {
			c := open(t, drawn(t, fmt.Sprintf("errorFlat:%t", flat), "ignoresUnknown:false"), speechQuery)
			for name, frame := range frames {
				c.Send(frame)
				got := c.read()
				if got["type"] != "error" || (got["message"] != nil) != flat || (got["error"] == nil) != flat {
					t.Errorf("flat %t, %s: got %v", flat, name, got)
				}
			}
		}
		c := open(t, drawn(t, "ignoresUnknown:true"), speechQuery)
		c.Send(frames["unknown"])
		if got := c.fence(); len(got) > 0 {
			t.Errorf("got %v, want no answer", got)
		}
	})
}

// A code that is not documented may be null.
func TestTogetherUnnamedCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for null, want := range map[bool]any{false: "invalid_voice", true: nil} {
			c := open(t, drawn(t, fmt.Sprintf("nullCode:%t", null)), speechQuery+"&voice=x")
			c.Send(`{"type":"tts_session.updated","session":{"voice":"nobody"}}`)
			c.speak("", "Hello.")
			all := c.until(failed)
			if got := codeOfFailure(all[len(all)-1]); got != want {
				t.Errorf("null %t: got code %v, want %v", null, got, want)
			}
		}
	})
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
