package vogent

import (
	"context"
	"encoding/binary"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// say speaks a text.
// Characters are what Voicelab bills (Vogent's docs, Voicelab introduction); no message tells of them.
func (g *generation) say(ctx context.Context, text string) {
	if g.breaks(ctx) {
		return
	}
	g.charge(0, int64(utf8.RuneCountInString(text)))
	spoken := g.generate(ctx, text)
	delay := g.conn.server.Options().FirstAudio
	if g.fault.Kind == engine.Late && !g.spoken {
		delay += g.fault.After
	}
	g.spoken = true
	if !engine.Pause(ctx, delay) {
		return
	}
	q := g.conn.quirks
	if q.timesFirst && !q.timesPerChunk {
		g.sendTimes(spoken.Words)
	}
	g.sendAudio(ctx, spoken)
	if !q.timesFirst && !q.timesPerChunk && ctx.Err() == nil {
		g.sendTimes(spoken.Words)
	}
}

// generate is a text's speech, spoiled where that is the fault. Its word times count from the generation's start.
// That times count from there is an assumption, as is all about them.
func (g *generation) generate(ctx context.Context, text string) voice.Spoken {
	spoken := g.conn.server.Say(ctx, text, true, g.conn.server.Options().Seed+uint64(g.characters), 1)
	switch g.fault.Kind {
	case engine.Empty:
		return voice.Spoken{}
	case engine.WrongLength:
		spoken = engine.CutShort(spoken, g.fault)
	}
	start := audio.Duration(g.samples, engine.NativeRate)
	for i := range spoken.Words {
		spoken.Words[i].Start += start
		spoken.Words[i].End += start
	}
	return spoken
}

// charge counts generated audio, at the native rate, and the characters that the vendor bills.
func (g *generation) charge(samples, characters int64) {
	g.samples += samples
	g.characters += characters
	g.conn.server.Stream(g.index, func(s *engine.Stream) {
		s.Audio = audio.Duration(g.samples, engine.NativeRate)
		s.Charge = g.characters * charMicros
	})
}

// chunkBytes is the size of a chunk, which need not be whole samples.
// The reference says nothing of sizes, so clients have to carry an odd byte over.
func (g *generation) chunkBytes() int {
	size := 2 * int(g.conn.quirks.chunk.Seconds()*float64(g.rate))
	if g.conn.quirks.oddChunks || g.fault.Kind == engine.OddChunks {
		size++
	}
	return size
}

// sendAudio sends speech at the options' pace, until ctx ends or a fault ends the generation.
func (g *generation) sendAudio(ctx context.Context, spoken voice.Spoken) {
	raw, err := encode(spoken.PCM, g.rate)
	if err != nil {
		g.stop(failure("failed to generate audio"))
		return
	}
	if g.pacer.Began.IsZero() {
		g.pacer.Began = time.Now()
	}
	start, total, sent := g.samples, len(raw), 0
	for sent < total {
		chunk := raw[sent:min(sent+g.chunkBytes(), total)]
		if !g.pacer.Wait(ctx, audio.Duration(int64(len(chunk)/2), g.rate)) {
			return
		}
		sent += len(chunk)
		generated := start + int64(len(spoken.PCM))*int64(sent)/int64(total)
		g.charge(generated-g.samples, 0)
		spoken.Words = g.sendWithTimes(chunk, spoken.Words)
		if g.breaks(ctx) {
			return
		}
	}
}

// sendWithTimes sends a chunk, with the times of the words that begin in it where those come by chunk. It returns
// the words that are left.
func (g *generation) sendWithTimes(chunk []byte, words []voice.WordTime) []voice.WordTime {
	if !g.conn.quirks.timesPerChunk {
		g.sendChunk(chunk)
		return words
	}
	n := 0
	for n < len(words) && words[n].Start < audio.Duration(g.samples, engine.NativeRate) {
		n++
	}
	if g.conn.quirks.timesFirst {
		g.sendTimes(words[:n])
	}
	g.sendChunk(chunk)
	if !g.conn.quirks.timesFirst {
		g.sendTimes(words[:n])
	}
	return words[n:]
}

// sendChunk sends audio. It bears neither a number nor the format: the quickstart writes the bytes as they come.
func (g *generation) sendChunk(raw []byte) {
	engine.Send(g.conn.socket, engine.Object{"type": "chunk", "generationId": g.id, "audio": engine.ToBase64(raw)})
}

// sendTimes sends word times, where they are wanted.
func (g *generation) sendTimes(words []voice.WordTime) {
	if !g.times {
		return
	}
	q := g.conn.quirks
	for _, content := range times(q, words) {
		engine.Send(g.conn.socket, engine.Object{"type": q.timesType, "generationId": g.id, q.timesField: content})
	}
}

// breaks plays the fault when its time has come, and reports whether the generation stops for it.
// No error has a code here, so a fault's name becomes the error's text.
func (g *generation) breaks(ctx context.Context) bool {
	if audio.Duration(g.samples, engine.NativeRate) < g.fault.After {
		return false
	}
	switch g.fault.Kind {
	case engine.Stall:
		<-ctx.Done() // the client cancels, or leaves
		return true
	case engine.Drop:
		_ = g.conn.socket.CloseNow() // that is the fault
	case engine.CloseCode:
		g.conn.close(g.fault.Code)
	case engine.ErrorFrame:
		id := g.id
		if g.fault.Session {
			id = ""
		}
		g.conn.fail(id, g.fault.Name)
	case engine.Garbage:
		engine.SendGarbage(g.conn.socket)
	default:
		return false
	}
	g.stop(errBroken)
	return true
}

// encode is samples at a rate as the vendor sends them: without a header, signed 16-bit little-endian.
// The quickstart writes it into a WAV file of one channel and two bytes a sample. 41,500 Hz is in the vendor's list, likely
// meaning 44,100, and audio.Format has no such rate: hence the interpolation here.
func encode(pcm []int16, rate int) ([]byte, error) {
	if rate != 41500 {
		return engine.Encode(pcm, audio.Format{Encoding: audio.PCM16, Rate: rate})
	}
	n := len(pcm) * rate / engine.NativeRate
	raw := make([]byte, 0, 2*n)
	for i := range n {
		at := float64(i) * engine.NativeRate / float64(rate)
		left := min(int(at), len(pcm)-1)
		right := min(left+1, len(pcm)-1)
		v := float64(pcm[left]) + (at-float64(left))*float64(int(pcm[right])-int(pcm[left]))
		raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(v)))
	}
	return raw, nil
}
