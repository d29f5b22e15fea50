package emulator

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
)

// nativeRate is the rate at which emulated vendors generate, in hertz.
const nativeRate = 24000

// say speaks a text in the options' voice.
func (s *Server) say(ctx context.Context, text string, normalize bool, seed uint64, speed float64) voice.Spoken {
	if s.opts.Speech && voice.HasEspeak() {
		spoken, err := voice.SpeakAloud(ctx, text, nativeRate, speed)
		if err == nil && len(spoken.Words) > 0 {
			return spoken
		}
	}
	return voice.SpeakTokens(voice.Tokens(text, normalize), seed, nativeRate, speed)
}

// leastWrong is the audio of speech of the wrong length, where the fault does not say more.
const leastWrong = 20 * time.Millisecond

// cutShort is speech that ends long before its text, with the words that are whole in it.
func cutShort(spoken voice.Spoken, f Fault) voice.Spoken {
	n := audio.Samples(max(f.After, leastWrong), nativeRate)
	cut := voice.Spoken{PCM: spoken.PCM[:min(int64(len(spoken.PCM)), n)]}
	for _, w := range spoken.Words {
		if audio.Samples(w.End, nativeRate) <= n {
			cut.Words = append(cut.Words, w)
		}
	}
	return cut
}

// encode converts samples to a format that a vendor sends.
func encode(pcm []int16, to audio.Format) ([]byte, error) {
	raw := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	from := audio.Format{Encoding: audio.PCM16, Rate: nativeRate}
	if from == to {
		return raw, nil
	}
	converter, err := audio.NewConverter(from, to)
	if err != nil {
		return nil, err
	}
	return converter.Flush(converter.Convert(nil, raw)), nil
}

// pacer delays a stream's frames to the pace of the options.
type pacer struct {
	began time.Time
	pace  float64
	sent  time.Duration
}

// wait returns when the audio that has been sent allows for more. It reports false where ctx ends before.
func (p *pacer) wait(ctx context.Context, more time.Duration) bool {
	if p.pace > 0 {
		due := p.began.Add(time.Duration(float64(p.sent) / p.pace))
		if !pause(ctx, time.Until(due)) {
			return false
		}
	}
	p.sent += more
	return ctx.Err() == nil
}

// pause waits, and reports false where ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
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

func toBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// garbage is a text frame that is of no vendor's protocol.
const garbage = `<html>502 Bad Gateway</html>`

// sendGarbage plays a fault. A client that has gone is noticed by the reader.
func sendGarbage(socket *websocket.Conn) {
	_ = socket.Write(context.Background(), websocket.MessageText, []byte(garbage))
}
