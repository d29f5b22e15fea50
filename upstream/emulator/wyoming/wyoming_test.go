package wyoming

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestWyomingTranscripts(t *testing.T) {
	d := enginetest.Dialect{Vendor: Vendor, Quirks: []string{"streaming:true", "restarts:false", "pongs:false", "timestamps:false"}}
	enginetest.PlayScenes(t, d, play)
	// What servers do in different ways, in each of those that may be drawn.
	d.Files, d.Quirks = "quirks/*", nil
	enginetest.PlayScenes(t, d, play)
}

func TestWyomingQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) }, map[string]int{"samples": 3})
}

// frame is an event as transcripts have it.
type frame struct {
	Type    string         `json:"type"`
	Data    map[string]any `json:"data"`
	Payload bool           `json:"payload"`
}

// play plays a scene: what the client sends, and what must come of it.
func play(t *testing.T, w *enginetest.Wire, s enginetest.Scene) {
	t.Helper()
	c := connect(t, w)
	var early *arrival
	for _, line := range s.Lines {
		var f frame
		if line.Frame != nil && json.Unmarshal(line.Frame, &f) != nil {
			t.Fatalf("no event: %s", line.Frame)
		}
		switch {
		case line.Packet != "":
			_, _ = c.conn.Write([]byte(line.Packet + "\n")) // the server may have ended
		case line.Dir == "c2s":
			c.send(event{kind: f.Type, data: f.Data})
		default:
			early = c.expect(line, f, early)
		}
	}
}

// expect wants a line's event next, or the end. Of audio there may be more, so that it returns what has come too early.
func (c client) expect(line enginetest.Line, f frame, early *arrival) *arrival {
	c.Helper()
	a := early
	if a == nil {
		next := c.next()
		a = &next
	}
	if line.End != "" {
		if !errors.Is(a.err, io.EOF) {
			c.Fatalf("got %s, %v, want the end", a.kind, a.err)
		}
		return nil
	}
	if a.err != nil || a.kind != f.Type || (len(a.payload) > 0) != f.Payload {
		c.Fatalf("got %q of %d bytes, %v, want %q (%s)", a.kind, len(a.payload), a.err, f.Type, c.server.Quirks())
	}
	for name, want := range f.Data {
		got := a.data[name]
		if fixed := slices.Contains([]string{"name", "text", "code", "rate", "width", "channels"}, name); fixed && fmt.Sprint(got) != fmt.Sprint(want) {
			c.Errorf("%s: %s: got %v, want %v", f.Type, name, got, want)
		}
		if _, ok := a.data[name]; !ok {
			c.Errorf("%s: got %v, want a field %s", f.Type, a.data, name)
		}
	}
	for name := range a.data {
		if _, ok := f.Data[name]; !ok {
			c.Errorf("%s: the transcript has no field %s", f.Type, name)
		}
	}
	for f.Payload {
		next := c.next()
		if next.err != nil || next.kind != f.Type {
			return &next
		}
	}
	return nil
}

func TestWyomingSaysEveryWord(t *testing.T) {
	for seed := range uint64(12) {
		on(t, engine.Options{Seed: seed}, nil, func(c client) {
			for _, voice := range voices() {
				c.send(synthesize(text, voice.name))
				h := c.until("audio-stop")
				c.wantWords(h, text)
				if h.rate != voice.rate {
					c.Errorf("%s: got a rate of %d", voice.name, h.rate)
				}
				seen := c.server.Stats().Streams
				if got := seen[len(seen)-1].Audio; (got - h.length()).Abs() > 10*time.Millisecond {
					c.Errorf("%v were heard, and %v are counted", h.length(), got)
				}
			}
		})
	}
}

// Requests that were sent at once are spoken one after the other, each from its start to its stop.
func TestWyomingQueuesRequests(t *testing.T) {
	on(t, engine.Options{}, []string{"restarts:false"}, func(c client) {
		c.send(synthesize(text, joe), synthesize(other, ""), synthesize("", joe))
		for _, want := range []string{text, other} {
			h := c.until("audio-stop")
			c.wantWords(h, want)
			if h.said() != "audio-start audio-chunk audio-stop" {
				c.Errorf("got %s", h.said())
			}
		}
		if h := c.until("audio-stop"); h.said() != "audio-stop" {
			c.Errorf("of no text: got %s", h.said())
		}
	})
}

// A sentence in chunks is spoken once the next one has begun, or at the stop.
func TestWyomingTakesTextInChunks(t *testing.T) {
	on(t, engine.Options{}, []string{"streaming:true"}, func(c client) {
		chunk := func(text string) event { return event{kind: "synthesize-chunk", data: map[string]any{"text": text}} }
		c.send(event{kind: "synthesize-start"}, chunk("One two"), chunk(" three."), chunk(" "), chunk("\n"))
		if a := c.next(); !errors.Is(a.err, context.DeadlineExceeded) {
			c.Fatalf("got %s, %v before the next sentence", a.kind, a.err)
		}
		c.send(chunk("F"))
		c.wantWords(c.until("audio-stop"), "One two three.")
		c.send(chunk("our."), synthesize("One two three. Four.", joe), event{kind: "synthesize-stop"})
		c.wantWords(c.until("audio-stop"), "Four.")
		if a := c.next(); a.kind != "synthesize-stopped" {
			c.Errorf("got %s, %v", a.kind, a.err)
		}
		if got := c.server.Stats().Streams; len(got) != 1 || len(got[0].Texts) != 6 || !got[0].Over {
			c.Errorf("got %+v, want one stream of six texts", got)
		}
	})
}

// There is one engine for all clients.
func TestWyomingServesOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Pace: 4}})
		first, second := connect(t, w), connect(t, w)
		first.send(synthesize(text, joe))
		synctest.Wait()
		second.send(synthesize("Hi.", joe))
		h := second.until("audio-stop")
		if whole := first.until("audio-stop"); h.first < whole.length()/5 {
			t.Errorf("spoke after %v, beside a text of %v", h.first, whole.length())
		}
	})
}

// A client stops the engine by closing its connection, which frees it for others.
func TestWyomingStopsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: engine.Options{Pace: 1}})
		c := connect(t, w)
		c.send(synthesize(text, joe), synthesize(other, joe))
		time.Sleep(time.Second)
		_ = c.conn.Close()
		next := connect(t, w)
		next.send(synthesize(other, joe))
		next.wantWords(next.until("audio-stop"), other)
		st := w.Server.Stats()
		if got := st.Streams[0].Audio; got < 900*time.Millisecond || got > 1300*time.Millisecond {
			t.Errorf("%v were generated for who left after a second", got)
		}
		if len(st.Cancels) != 2 || st.Cancels[0].ID != "connection-1.1" || st.Cancels[1].ID != "connection-1.2" {
			t.Errorf("got %+v", st.Cancels)
		}
	})
}

func TestWyomingFaults(t *testing.T) {
	const due = 300 * time.Millisecond
	const chunk = 100 * time.Millisecond
	inTime := func(h heard) bool { return h.length() >= due && h.length() <= due+chunk }
	whole := func(h heard) bool { return h.last.err == nil && h.length() > 2*time.Second }
	eof := func(h heard) bool { return errors.Is(h.last.err, io.EOF) }
	for written, right := range map[string]func(heard) bool{
		"":              whole,
		"null_cost":     whole,
		"odd_chunks":    func(h heard) bool { return whole(h) && h.sizes[0]%2 == 1 },
		"empty":         func(h heard) bool { return h.said() == "audio-stop" },
		"wrong_length":  func(h heard) bool { return h.last.err == nil && h.length() > 0 && h.length() < chunk },
		"late:2s":       func(h heard) bool { return whole(h) && h.first >= 2*time.Second && h.took < 3*time.Second },
		"slow":          func(h heard) bool { return whole(h) && h.took >= h.length()*3/2 },
		"refuse":        func(h heard) bool { return eof(h) && h.said() == "" },
		"drop":          func(h heard) bool { return eof(h) && h.said() == "" },
		"drop:300ms":    func(h heard) bool { return eof(h) && inTime(h) },
		"close:300ms":   func(h heard) bool { return eof(h) && inTime(h) },
		"error:X":       func(h heard) bool { return eof(h) && h.said() == "error" },
		"error:X:300ms": func(h heard) bool { return eof(h) && strings.HasSuffix(h.said(), "audio-chunk error") && inTime(h) },
		"garbage":       func(h heard) bool { return errors.Is(h.last.err, errUnreadable) && h.said() == "" },
		"garbage:300ms": func(h heard) bool { return errors.Is(h.last.err, errUnreadable) && inTime(h) },
		"stall":         func(h heard) bool { return errors.Is(h.last.err, context.DeadlineExceeded) && h.said() == "" },
		"stall:300ms":   func(h heard) bool { return errors.Is(h.last.err, context.DeadlineExceeded) && inTime(h) },
	} {
		t.Run("fault "+written, func(t *testing.T) {
			f, err := engine.ParseFault(written)
			if err != nil {
				t.Fatal(err)
			}
			on(t, engine.Options{Fault: f, Chunk: chunk}, []string{"oddChunks:false"}, func(c client) {
				c.send(synthesize(text, joe))
				h := c.until("audio-stop")
				if !right(h) {
					c.Errorf("got %s of %v, the first after %v, all in %v, %v", h.said(), h.length(), h.first, h.took, h.last.err)
				}
				_ = c.conn.Close() // the fault may have done so
				over := func(st engine.Stats) bool { return st.OpenSockets == 0 && st.OpenContexts == 0 }
				if !c.server.WaitFor(over, time.Minute) {
					c.Errorf("left open: %+v", c.server.Stats())
				}
				stalled := 0
				if f.Kind == engine.Stall {
					stalled = 1
				}
				if st := c.server.Stats(); len(st.Cancels) != stalled || f.Kind == engine.Refuse && st.Refused != 1 {
					c.Errorf("got %+v", st)
				}
			})
		})
	}
}

// What is open ends with the server, also where no one reads it.
func TestWyomingEndsWithItsServer(t *testing.T) {
	for name, o := range map[string]engine.Options{"idle": {FirstAudio: time.Minute}, "in the middle": {Pace: 1}} {
		on(t, o, nil, func(c client) {
			c.send(synthesize(text, joe))
			time.Sleep(time.Second)
			if err := c.server.Close(); err != nil {
				c.Error(err)
			}
			if st := c.server.Stats(); st.OpenContexts != 0 || st.OpenSockets != 0 || len(st.Cancels) != 0 {
				c.Errorf("%s: left %+v", name, st)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor})
		conn := w.Pipe(t)
		if _, err := conn.Write(synthesize(text, joe).bytes(true, true)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := w.Server.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Over TCP, with the address that a relay is told.
func TestWyomingListens(t *testing.T) {
	server := engine.New(Vendor, engine.Options{})
	address, err := server.Start("127.0.0.1:0")
	if err != nil || !strings.HasPrefix(address, "tcp://127.0.0.1:") {
		t.Fatalf("got %q, %v", address, err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	c := receive(t, server, conn)
	c.send(synthesize("Hi.", joe))
	h := c.until("audio-stop")
	enginetest.WantWords(t, h.raw, audio.Format{Encoding: audio.PCM16, Rate: h.rate}, "Hi.")
	server.HangUp(0)
	if a := c.next(); a.err == nil {
		t.Errorf("got %s, want the end", a.kind)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if st := server.Stats(); st.Sockets != 1 || st.OpenSockets != 0 {
		t.Errorf("got %+v", st)
	}
}

// FuzzWyoming sends whatever bytes: nothing panics, and nothing outlives the connection.
func FuzzWyoming(f *testing.F) {
	f.Add(uint64(1), synthesize("Hi.", joe).bytes(false, true))
	f.Add(uint64(2), []byte("{\"type\":\"describe\"}\n{\"type\":\"ping\",\"data\":{}}\n{\"type\":\"synthesize-start\"}\n{\"type\":\"synthesize-stop\"}\n"))
	f.Add(uint64(3), []byte("{\"type\":\"synthesize-chunk\",\"data_length\":2}\n{}"))
	f.Add(uint64(4), []byte("{\"type\":\"x\",\"data_length\":-1}\n"))
	f.Add(uint64(5), []byte("{\"type\":\"x\",\"payload_length\":1048576}\n{\"type\":\"synthesize\",\"data\":{\"text\":7}}\n"))
	f.Fuzz(func(t *testing.T, seed uint64, sent []byte) {
		if len(sent) > 1<<12 {
			return
		}
		on(t, engine.Options{Seed: seed}, nil, func(c client) {
			_, _ = c.conn.Write(sent) // the server may have ended
			synctest.Wait()
			_ = c.conn.Close()
			over := func(st engine.Stats) bool { return st.OpenSockets == 0 && st.OpenContexts == 0 }
			if !c.server.WaitFor(over, time.Minute) {
				t.Errorf("left open: %+v", c.server.Stats())
			}
		})
	})
}
