package deepgram

import (
	"context"
	"sync"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// line is a connection as its speech sees it: that of Aura and that of Flux differ in their messages alone.
type line struct {
	*emulator
	socket  *websocket.Conn
	request string
	wg      sync.WaitGroup // the speaker, and the close of a fault
	// announce says what comes before a frame of audio of a turn, or of none.
	announce func(*turn)

	// Owned by the speaker.
	settings settings
	rest     []byte // audio that was under way when it was stopped
	pacer    engine.Pacer
}

// turn is what is said up to a Flush, a stream of its own in the stats.
type turn struct {
	index   int
	fault   engine.Fault
	samples int64            // generated, at the native rate
	words   []voice.WordTime // from the turn's first sample
	spoke   bool
	dead    bool // it has met its fault
	over    bool // guarded by the connection's mu
}

// close closes the socket. The client may have gone.
func (c *line) close(why closeReason) { _ = c.socket.Close(why.code, why.reason) }

func (c *line) send(o engine.Object) { engine.Send(c.socket, o) }

// sendStale sends audio that was under way when the client stopped it.
// Until Cleared, or SpeechInterrupted, any audio is stale, and nothing but the order of frames says so.
func (c *line) sendStale() {
	for range c.quirks.staleFrames {
		n := min(len(c.rest), c.chunkSize(nil))
		if n == 0 {
			break
		}
		c.sendAudio(nil, c.rest[:n])
		c.rest = c.rest[n:]
	}
	c.rest = nil
}

// voice sends a text's audio, and reports whether that is all of it.
// There are no word times on this socket.
func (c *line) voice(ctx context.Context, t *turn, text string) bool {
	spoken := c.server.Say(ctx, text, true, c.server.Options().Seed+uint64(t.samples), c.settings.speed)
	switch t.fault.Kind {
	case engine.Empty:
		return true
	case engine.WrongLength:
		spoken = engine.CutShort(spoken, t.fault)
	}
	delay := c.server.Options().FirstAudio
	if t.fault.Kind == engine.Late && !t.spoke {
		delay += t.fault.After
	}
	t.spoke = true
	for _, w := range spoken.Words {
		before := audio.Duration(t.samples, engine.NativeRate)
		w.Start, w.End = w.Start+before, w.End+before
		t.words = append(t.words, w)
	}
	if !engine.Pause(ctx, delay) {
		return false
	}
	raw, err := engine.Encode(spoken.PCM, c.settings.format)
	if err != nil {
		c.close(closeReason{websocket.StatusInternalError, "NET-0000"})
		return false
	}
	return c.sendAll(ctx, t, raw, int64(len(spoken.PCM)))
}

// sendAll sends audio at the options' pace, and reports whether nothing went wrong.
func (c *line) sendAll(ctx context.Context, t *turn, raw []byte, samples int64) bool {
	c.pacer.Pace = c.server.Options().Pace
	if t.fault.Kind == engine.Slow {
		c.pacer.Pace = 0.5
	}
	c.pacer.Resume()
	start, f, size := t.samples, c.settings.format, c.chunkSize(t)
	for c.rest = raw; len(c.rest) > 0; {
		n := min(size, len(c.rest))
		if !c.pacer.Wait(ctx, audio.Duration(int64(n/f.BytesPerSample()), f.Rate)) {
			return false
		}
		c.sendAudio(t, c.rest[:n])
		c.rest = c.rest[n:]
		t.samples = start + samples*int64(len(raw)-len(c.rest))/int64(len(raw))
		c.server.Stream(t.index, func(s *engine.Stream) { s.Audio = audio.Duration(t.samples, engine.NativeRate) })
		if c.broken(ctx, t) {
			return false
		}
	}
	return true
}

// chunkSize is the bytes of a frame of audio, of a turn where there is one.
func (c *line) chunkSize(t *turn) int {
	f := c.settings.format
	size := max(1, int(audio.Samples(c.quirks.chunk, f.Rate))) * f.BytesPerSample()
	if c.quirks.oddChunks || t != nil && t.fault.Kind == engine.OddChunks {
		size++
	}
	return size
}

// sendAudio sends a frame of audio, which is binary and says nothing else.
// It is raw audio without a header, and no frame tells its format.
func (c *line) sendAudio(t *turn, raw []byte) {
	c.announce(t)
	_ = c.socket.Write(context.Background(), websocket.MessageBinary, raw) // the reader notices a client that has gone
}

// broken plays the fault when its time has come. It reports whether the turn is over, by that or by ctx.
func (c *line) broken(ctx context.Context, t *turn) bool {
	if audio.Duration(t.samples, engine.NativeRate) < t.fault.After {
		return ctx.Err() != nil
	}
	switch t.fault.Kind {
	case engine.Stall:
		<-ctx.Done() // the client clears, or leaves
	case engine.Drop:
		_ = c.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		c.wg.Go(func() { c.close(closeReason{websocket.StatusCode(t.fault.Code), ""}) }) // that is the fault
	case engine.ErrorFrame:
		c.fail(closeReason{websocket.StatusInternalError, t.fault.Name}, "The request failed")
	case engine.Garbage:
		engine.SendGarbage(c.socket)
	default:
		return ctx.Err() != nil
	}
	return true
}

// fail sends an Error. Whether one closes the socket is not documented.
func (c *line) fail(why closeReason, text string) {
	c.send(engine.Object{"type": "Error", "code": why.reason, "description": text})
	if c.quirks.errorCloses {
		c.wg.Go(func() { c.close(why) })
	}
}
