package fish

import (
	"context"
	"regexp"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// begin begins the session in the stats. The protocol has no name for it.
func (c *connection) begin(s settings) {
	c.settings = s
	c.sender = engine.Sender{
		Server: c.server, Socket: c.socket, Index: c.server.Begin(c.name), Fault: c.server.CurrentFault(),
		Chunk: c.quirks.chunk, Odd: c.quirks.oddChunks, Closes: &c.wg, Send: c.audio, Fail: c.fault,
	}
}

// speak speaks until all is spoken, or the connection is over.
func (c *connection) speak(ctx context.Context) {
	for ctx.Err() == nil {
		text, what := c.next()
		switch what {
		case nextWait:
			select {
			case <-ctx.Done():
			case <-c.wake:
			}
		case nextEnd:
			c.sendRest()
			c.server.Finish(c.sender.Index)
			c.end("stop")
			return
		case nextSpeak:
			if !c.say(ctx, text) {
				c.dead = ctx.Err() == nil
				c.server.Finish(c.sender.Index)
				return
			}
		}
	}
}

// next is what the speaker does next.
type next int

const (
	nextSpeak next = iota
	nextWait
	nextEnd
)

func (c *connection) next() (text string, what next) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.texts) > 0:
		text, c.texts = c.texts[0], c.texts[1:]
		return text, nextSpeak
	case c.last:
		return "", nextEnd
	}
	return "", nextWait
}

// cue is how something is to be spoken: in brackets for the models of the s2 family, in parentheses for s1.
var (
	bracketed     = regexp.MustCompile(`\[[^\[\]]*\]`)
	parenthesized = regexp.MustCompile(`\([^()]*\)`)
)

// say speaks a chunk, and reports whether nothing went wrong. Cues are charged, and not heard.
func (c *connection) say(ctx context.Context, text string) bool {
	if c.sender.Broken(ctx) {
		return false
	}
	c.sender.Charge(charge(c.model, text))
	spoken := text
	switch {
	case c.model == "s1":
		spoken = parenthesized.ReplaceAllString(text, "")
	case strings.HasPrefix(c.model, "s2"):
		spoken = bracketed.ReplaceAllString(text, "")
	}
	if !engine.Speakable(spoken) {
		return true
	}
	speech, ok := c.sender.Say(ctx, spoken, c.settings.speed)
	if !ok || len(speech.PCM) == 0 {
		return ok
	}
	c.beginChunk(text, speech)
	raw, err := c.encode(speech.PCM)
	if err != nil {
		c.fail("Internal error")
		return false
	}
	c.now.size = len(raw)
	if c.quirks.emptyFrames {
		c.frame(nil, nil)
	}
	return c.sender.Play(ctx, speech.PCM, raw, c.settings.format.SampleSize(), nil) && c.endChunk()
}

// beginChunk counts a chunk.
func (c *connection) beginChunk(text string, speech voice.Spoken) {
	if c.quirks.trimmed {
		text = strings.TrimSpace(text)
	}
	c.now = chunk{
		seq: c.quirks.firstChunk + c.chunks, content: text, offset: c.sender.Sent(),
		length: audio.Duration(int64(len(speech.PCM)), engine.NativeRate), words: speech.Words,
	}
	c.chunks++
}

// endChunk tells the alignment that comes after all audio, where there is one.
func (c *connection) endChunk() bool {
	if c.timed && (c.quirks.alignment == "behind" || c.quirks.alignment == "whole" && c.quirks.corrects) {
		c.frame(nil, c.alignmentOf(len(c.now.words), 0))
	}
	return true
}

// encode encodes a chunk. Raw samples are whole in each; what has a header or frames of its own is one stream.
func (c *connection) encode(pcm []int16) (raw []byte, err error) {
	if c.encoder == nil || c.settings.format.Codec == "pcm" {
		if c.encoder, err = c.settings.format.Encoder(); err != nil {
			return nil, err
		}
	}
	raw = c.encoder.Encode(pcm)
	if c.settings.format.Codec == "pcm" {
		raw = append(raw, c.encoder.End()...)
	}
	return raw, nil
}

// sendRest sends what the encoder has kept.
func (c *connection) sendRest() {
	if c.encoder == nil || c.settings.format.Codec == "pcm" {
		return
	}
	if raw := c.encoder.End(); len(raw) > 0 {
		c.frame(raw, nil)
	}
}

// audio sends audio of the chunk, with what is known by then of where its words are.
func (c *connection) audio(raw []byte) {
	first := c.now.sent == 0
	c.now.sent += len(raw)
	last := c.now.sent >= c.now.size
	n := engine.BegunBy(c.now.words, c.now.out())
	off := time.Duration(0)
	if c.quirks.corrects && !last {
		off = correction
	}
	switch kind := c.quirks.alignment; {
	case !c.timed:
		c.frame(raw, nil)
	case kind == "growing" && n > 0:
		c.frame(raw, c.alignmentOf(n, off))
	case kind == "whole" && first && c.quirks.corrects:
		c.frame(raw, c.alignmentOf(len(c.now.words), correction))
	case kind == "whole" && first, kind == "last" && last:
		c.frame(raw, c.alignmentOf(len(c.now.words), 0))
	default:
		c.frame(raw, nil)
	}
}

// correction is how far the first alignment of a chunk may be off.
const correction = 40 * time.Millisecond

// alignmentOf is a snapshot: all that is known of the chunk's words so far, in seconds from its own first sample. A later one takes
// its place.
func (c *connection) alignmentOf(n int, off time.Duration) engine.Object {
	segments := make([]map[string]any, 0, n)
	for _, w := range c.now.words[:n] {
		segments = append(segments, map[string]any{"text": w.Text, "start": seconds(w.Start + off), "end": seconds(w.End + off)})
	}
	return engine.Object{"segments": segments, "audio_duration": seconds(c.now.out())}
}

func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }

// frame sends audio, or none with what else there is to tell.
func (c *connection) frame(raw []byte, alignment engine.Object) {
	if raw == nil {
		raw = []byte{}
	}
	o := engine.Object{"event": "audio", "audio": raw, "time": c.elapsed()}
	if c.timed {
		o["content"], o["chunk_seq"], o["chunk_audio_offset_sec"] = c.now.content, c.now.seq, seconds(c.now.offset)
		o["alignment"] = nil
		if alignment != nil {
			o["alignment"] = map[string]any(alignment)
		}
	}
	c.tell(o)
}

// fault is the error that a fault asks for: its name is the text, but for two that have more than a text.
func (c *connection) fault(f engine.Fault) {
	o := engine.Object{"event": "error", "error": strings.ReplaceAll(f.Name, "_", " ")}
	switch f.Name {
	case "concurrency":
		o["error"], o["max_concurrency"] = concurrencyExceeded, concurrency
	case "finish":
		o = engine.Object{"event": "finish", "reason": "error", "time": c.elapsed()}
	}
	c.tell(o)
	c.wg.Go(c.close)
}
