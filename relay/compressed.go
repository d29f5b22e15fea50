package relay

import (
	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
)

// Compressed is what the samples are to be compressed into, and the bit rate in kbit/s, 0: the usual one. ok is false where the
// client gets samples.
func (p *Prepared) Compressed() (f audio.Format, kbps int, ok bool) {
	return p.asked, p.kbps, p.asked.Compressed()
}

// AddStage puts a stage between the generation and its client, which is to compress the audio, see delivery.Lane. It is called
// before the generation runs.
func (g *Generation) AddStage(look func()) *delivery.Lane {
	g.out.lane.AddStage(look)
	return g.out.lane
}

// CompressedMessage is the client's message with compressed audio.
func (g *Generation) CompressedMessage(f Frame, data []byte) *delivery.Message {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	encoder := g.req.encoder.(bare).Encoder
	kind, size := websocket.MessageBinary, len(data)
	if encoder.Form() == Base64 {
		kind, size = websocket.MessageText, (len(data)+2)/3*4
	}
	m := delivery.NewMessage(kind, audioEnvelope+size)
	m.Samples, m.Audio = f.Samples, true
	m.Buf = encoder.AppendHead(m.Buf, f)
	if kind == websocket.MessageBinary {
		m.Buf = append(m.Buf, data...)
	} else {
		m.Buf = appendBase64(m.Buf, data)
	}
	m.Buf = encoder.AppendTail(m.Buf, f)
	return m
}

// FailCompressing ends the generation since its audio can't be compressed. It waits for what its stage keeps before it ends
// by itself.
func (g *Generation) FailCompressing(err error) {
	told := g.engine.Internal(g.log, "audio not compressed", err)
	g.Stop(&StopCause{name: "the encoder failed", reason: Failed, err: told})
}
