package together

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// faulty connects to a vendor with a fault as the command line writes it, and asks it to speak.
func faulty(t *testing.T, fault string, change func(*engine.Options)) *client {
	t.Helper()
	o := drawn(t, "echo:named", "serial:true", "riff:asked", "oddChunks:false", "itemsPerContext:false")
	o.Chunk = 100 * time.Millisecond
	var err error
	if o.Fault, err = engine.ParseFault(fault); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&o)
	}
	c := open(t, o, speechQuery)
	c.speak("c1", longSentence)
	return c
}

// soundUntil is the audio that comes before a message of a kind.
func (c *client) soundUntil(kind string) (last engine.Object, sound time.Duration) {
	c.t.Helper()
	all := c.until(kind)
	return all[len(all)-1], audio.Duration(int64(len(soundOf(c.t, all))/2), 24000)
}

func wantSound(t *testing.T, got, want time.Duration) {
	t.Helper()
	if got < want || got >= want+100*time.Millisecond {
		t.Errorf("got %v of audio before the fault, want %v", got, want)
	}
}

func TestTogetherErrorFrame(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]struct{ code, kind, context any }{
		"error:model_not_available:300ms": {"model_not_available", "invalid_request_error", "c1"},
		"error:rate_limited:300ms":        {"rate_limited", "server_error", "c1"},
		"error:300ms":                     {"internal_error", "server_error", "c1"},
		"error:internal_error:300ms:session": {
			"internal_error", "server_error", nil,
		},
	} {
		c := faulty(t, fault, nil)
		got, sound := c.soundUntil(failed)
		e := got["error"].(map[string]any)
		if e["code"] != want.code || e["type"] != want.kind || got["context_id"] != want.context {
			t.Errorf("%s: got %v, want %v", fault, got, want)
		}
		wantSound(t, sound, 300*time.Millisecond)
		c.server.SetFault(engine.Fault{})
		if !c.server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 5*time.Second) {
			t.Errorf("%s: the context goes on", fault)
		}
		c.speak("c2", "Hello.")
		c.until(done) // the socket goes on
	}
}

func TestTogetherGarbage(t *testing.T) {
	t.Parallel()
	c := faulty(t, "garbage:200ms", nil)
	for {
		_, data, err := c.conn.Read(c.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(data), "<html>") {
			return
		}
	}
}

func TestTogetherBrokenConnections(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]int{"drop:200ms": -1, "drop": -1, "close:1011:200ms": 1011, "close:1000": 1000, "close:4000:100ms": 4000} {
		if got := faulty(t, fault, nil).closeCode(); got != want {
			t.Errorf("%s: got close code %d, want %d", fault, got, want)
		}
	}
}

// A stalled context says nothing more and leaves the socket to the others, until it is cancelled.
func TestTogetherStall(t *testing.T) {
	t.Parallel()
	c := faulty(t, "stall:300ms", nil)
	if !c.server.WaitFor(func(s engine.Stats) bool { return len(s.Streams) > 0 && s.Streams[0].Audio >= 300*time.Millisecond }, 5*time.Second) {
		t.Fatal("it did not come to the stall")
	}
	c.server.SetFault(engine.Fault{})
	c.speak("c2", "Hello.")
	all := c.until(done)
	if got := all[len(all)-1]["context_id"]; got != "c2" {
		t.Errorf("%v is complete, want c2", got)
	}
	c.send(cancelFrame("c1"))
	c.until(cancelled)
	if s := c.server.Stats().Streams[0]; !s.Over || s.Audio >= 400*time.Millisecond {
		t.Errorf("got %+v, want it over", s)
	}
}

func TestTogetherAmountFaults(t *testing.T) {
	t.Parallel()
	for fault, most := range map[string]time.Duration{"empty": 0, "wrong_length": 20 * time.Millisecond} {
		if _, sound := faulty(t, fault, nil).soundUntil(done); sound != most {
			t.Errorf("%s: got %v of audio, want %v", fault, sound, most)
		}
	}
	c := faulty(t, "odd_chunks", nil)
	all := of(c.until(done), delta)
	if n := len(bytesOf(t, all[0])); n%2 == 0 {
		t.Errorf("odd_chunks: got %d bytes", n)
	}
}

// The first audio is late, and no more than that; slow is half of real time whatever the options' pace.
func TestTogetherTimeFaults(t *testing.T) {
	t.Parallel()
	began := time.Now()
	c := faulty(t, "late:300ms", func(o *engine.Options) { o.FirstAudio = 50 * time.Millisecond })
	c.until(delta)
	if got := time.Since(began); got < 350*time.Millisecond {
		t.Errorf("late: the first audio came after %v", got)
	}
	c.until(done)

	c = faulty(t, "slow", func(o *engine.Options) { o.Pace = 100 })
	c.until(delta)
	began = time.Now()
	c.until(delta, delta)
	if got := time.Since(began); got < 300*time.Millisecond {
		t.Errorf("slow: 200 ms of audio came in %v", got)
	}
}

// A fault that is set holds for contexts that begin, and for one that was silent; not for one that is speaking.
func TestTogetherSetFault(t *testing.T) {
	t.Parallel()
	c := faulty(t, "", func(o *engine.Options) { o.Pace = 8 })
	c.until(delta)
	c.server.SetFault(engine.Fault{Kind: engine.Empty})
	c.speak("c1", "And this, too.")
	for range 2 {
		if _, sound := c.soundUntil(done); sound == 0 {
			t.Error("a context that was speaking got the fault")
		}
	}
	if !c.server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 5*time.Second) {
		t.Fatal("it has something left")
	}
	for _, id := range []string{"c1", "c2"} {
		c.speak(id, "Hello.")
		if _, sound := c.soundUntil(done); sound != 0 {
			t.Errorf("%s: got %v of audio, want none", id, sound)
		}
	}
	c.server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 5*time.Second)
	c.server.SetFault(engine.Fault{Kind: engine.ErrorFrame, Name: "x", After: 300 * time.Millisecond}) // of audio from now on
	c.speak("c1", longSentence)
	_, sound := c.soundUntil(failed)
	wantSound(t, sound, 300*time.Millisecond)
}

// What a context that fails still had to say is dropped.
func TestTogetherFailureDropsWhatWaits(t *testing.T) {
	t.Parallel()
	c := faulty(t, "error:rate_limited:100ms", func(o *engine.Options) { o.FirstAudio = 300 * time.Millisecond })
	c.speak("c1", "This waits behind it.")
	c.until(received, failed)
	if !c.server.WaitFor(func(s engine.Stats) bool { return s.OpenContexts == 0 }, 5*time.Second) {
		t.Error("the context goes on")
	}
	if rest := c.fence(); len(rest) > 0 {
		t.Errorf("got %v behind the failure", rest)
	}
}

// The pace is that of the audio, and a context that has been silent does not make up for it.
func TestTogetherPace(t *testing.T) {
	t.Parallel()
	c := faulty(t, "", func(o *engine.Options) { o.Pace = 10 })
	began := time.Now()
	_, sound := c.soundUntil(done)
	if got, want := time.Since(began), (sound-200*time.Millisecond)/10; got < want {
		t.Errorf("%v of audio came in %v, want %v", sound, got, want)
	}
	engine.Pause(c.ctx, 100*time.Millisecond) // a second of audio, at this pace
	c.speak("c1", "And now something else.")
	c.until(delta)
	began = time.Now()
	_, sound = c.soundUntil(done)
	if got, want := time.Since(began), (sound-100*time.Millisecond)/10; got < want {
		t.Errorf("%v of audio came in %v after a silence, want %v", sound, got, want)
	}
}

func TestTogetherRefusals(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]struct {
		status int
		code   any
	}{"refuse:429": {429, nil}, "refuse": {503, nil}, "refuse:invalid_api_key": {101, "invalid_api_key"}} {
		o := engine.Options{Seed: 5}
		var err error
		if o.Fault, err = engine.ParseFault(fault); err != nil {
			t.Fatal(err)
		}
		server, base := start(t, o)
		status, first := handshake(t, base+path, nil)
		if status != want.status || codeOfFailure(first) != want.code {
			t.Errorf("%s: got status %d and %v, want %v", fault, status, first, want)
		}
		if !server.WaitFor(func(s engine.Stats) bool { return s.Refused == 1 && s.Sockets == 0 }, 5*time.Second) {
			t.Errorf("%s: got %+v", fault, server.Stats())
		}
	}
}

// Closing the emulator frees clients that speak, that stall and that do not read; nothing of it goes on.
func TestTogetherCloses(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"", "stall", "late", "slow"} {
		o := engine.Options{Seed: 9}
		var err error
		if o.Fault, err = engine.ParseFault(fault); err != nil {
			t.Fatal(err)
		}
		server := engine.New(Vendor, o)
		base, err := server.Start("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conn, _, err := websocket.Dial(t.Context(), base+path+speechQuery, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, ctx: t.Context(), server: server, conn: conn}
		for _, id := range []string{"a", "b", "c"} {
			c.speak(id, strings.Repeat(longSentence+" ", 60)) // more than the sockets' buffers hold
		}
		server.WaitFor(func(s engine.Stats) bool { return len(s.Streams) == 3 }, 5*time.Second)
		if err := server.Close(); err != nil {
			t.Errorf("%s: close: %v", fault, err)
		}
		if s := server.Stats(); s.OpenSockets != 0 || s.OpenContexts != 0 {
			t.Errorf("%s: %d sockets and %d contexts are open", fault, s.OpenSockets, s.OpenContexts)
		}
		_ = conn.CloseNow()
	}
}

// Whatever a client sends, it is answered or not, and the connection ends when the client leaves.
func FuzzTogetherFrames(f *testing.F) {
	f.Add(uint64(1), "?segment=sentence&voice=af_heart", appendFrame("", "Hello. There")+"\n"+commitFrame(""))
	f.Add(uint64(2), speechQuery, appendFrame("a", "Hello")+"\n"+cancelFrame("a")+"\n"+commitFrame("a"))
	f.Add(uint64(3), "?max_partial_length=1&segment=sentence&voice=af_heart", appendFrame("", strings.Repeat("word ", 40)))
	f.Add(uint64(4), "?segment=immediate&alignment=word", `{"type":"tts_session.updated","session":{"speed":1e300}}`+"\n"+`{"type":1}`)
	f.Add(uint64(5), "?extra_params={}&speed=0x1p-2", `{"type":"input_text_buffer.clear","context_id":"\u0000"}`+"\nnull\n[]\n\"")
	f.Fuzz(func(t *testing.T, seed uint64, query, frames string) {
		server := engine.New(Vendor, engine.Options{Seed: seed})
		base, err := server.Start("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			if s := server.Stats(); s.OpenSockets != 0 || s.OpenContexts != 0 {
				t.Errorf("%d sockets and %d contexts are open", s.OpenSockets, s.OpenContexts)
			}
		}()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		conn, _, err := websocket.Dial(ctx, base+path+query, nil)
		if err != nil {
			return // no address
		}
		defer func() { _ = conn.CloseNow() }()
		conn.SetReadLimit(1 << 20)
		for frame := range strings.SplitSeq(frames, "\n") {
			if conn.Write(ctx, websocket.MessageText, []byte(frame)) != nil {
				return // it was closed
			}
		}
		_ = conn.Close(websocket.StatusNormalClosure, "") // behind the frames; the server may have closed before
		if !server.WaitFor(func(s engine.Stats) bool { return s.OpenSockets == 0 && s.OpenContexts == 0 }, 10*time.Second) {
			t.Error("the emulator hangs")
		}
	})
}
