package engine

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
)

// NativeRate is the rate at which emulated vendors generate, in hertz.
// It is that of most vendors: other rates are made of it, as they do.
const NativeRate = 24000

// leastWrong is the audio of speech of the wrong length, where the fault does not say more.
const leastWrong = 20 * time.Millisecond

// CutShort is speech that ends long before its text, with the words that are whole in it.
func CutShort(spoken voice.Spoken, f Fault) voice.Spoken {
	n := audio.Samples(max(f.After, leastWrong), NativeRate)
	cut := voice.Spoken{PCM: spoken.PCM[:min(int64(len(spoken.PCM)), n)]}
	for _, w := range spoken.Words {
		if audio.Samples(w.End, NativeRate) <= n {
			cut.Words = append(cut.Words, w)
		}
	}
	return cut
}

// Encode converts samples to a format that a vendor sends.
// Samples are at NativeRate.
func Encode(pcm []int16, to audio.Format) ([]byte, error) {
	raw := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	from := audio.Format{Encoding: audio.PCM16, Rate: NativeRate}
	// The converter has G.711 at one rate alone, while some vendors have it at any: a code stands for a sample, whatever the rate.
	const rate = 8000
	if to.Rate != rate && (to.Encoding == audio.MuLaw || to.Encoding == audio.ALaw) {
		raw, err := convert(raw, from, audio.Format{Encoding: audio.PCM16, Rate: to.Rate})
		if err != nil {
			return nil, err
		}
		return convert(raw, audio.Format{Encoding: audio.PCM16, Rate: rate}, audio.Format{Encoding: to.Encoding, Rate: rate})
	}
	return convert(raw, from, to)
}

func convert(raw []byte, from, to audio.Format) ([]byte, error) {
	if from == to {
		return raw, nil
	}
	converter, err := audio.NewConverter(from, to)
	if err != nil {
		return nil, err
	}
	return converter.Flush(converter.Convert(nil, raw)), nil
}

// Pacer delays a stream's frames to the pace of the options.
type Pacer struct {
	Began time.Time
	Pace  float64
	sent  time.Duration
}

// Wait returns when the audio that has been sent allows for more. It reports false where ctx ends before.
// The first frame goes out at once: the pace holds from it on.
func (p *Pacer) Wait(ctx context.Context, more time.Duration) bool {
	if p.Pace > 0 {
		due := p.Began.Add(time.Duration(float64(p.sent) / p.Pace))
		if !Pause(ctx, time.Until(due)) {
			return false
		}
	}
	p.sent += more
	return ctx.Err() == nil
}

// Pause waits, and reports false where ctx ends before.
func Pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// ToBase64 is the encoding of audio in text frames.
func ToBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// GarbageText is a text frame that is of no vendor's protocol.
// It is what a proxy in front of a vendor sends.
const GarbageText = `<html>502 Bad Gateway</html>`

// SendGarbage plays a fault. A client that has gone is noticed by the reader.
func SendGarbage(socket *websocket.Conn) {
	_ = socket.Write(context.Background(), websocket.MessageText, []byte(GarbageText))
}

// Resume lets a pacer that has been silent start again: what it did not send meanwhile is not due at once.
func (p *Pacer) Resume() {
	if p.Pace > 0 && time.Since(p.Began) > time.Duration(float64(p.sent)/p.Pace) {
		p.Began, p.sent = time.Now(), 0
	}
}

// BegunBy is how many of the words begin before a time.
func BegunBy(words []voice.WordTime, at time.Duration) (n int) {
	for n < len(words) && words[n].Start < at {
		n++
	}
	return n
}
