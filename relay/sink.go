package relay

import (
	stdbase64 "encoding/base64"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/segmentio/asm/base64"

	"voicerelay/audio"
	"voicerelay/protocol"
	"voicerelay/text"
	"voicerelay/upstream"
)

// An attempt is its stream's sink. Each call does its whole step under the generation's lock and queues what
// the client gets: one hand-over a frame, from the vendor's reader to the client's writer.
var _ upstream.Sink = (*attempt)(nil)

// errNotBase64 is the cause of a garbled frame.
var errNotBase64 = errors.New("audio is not base64")

// Audio takes a frame from the vendor on to the client.
func (a *attempt) Audio(f upstream.Frame) {
	defer a.survivePanic()
	arrived := time.Now()
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if a.ended || a.g.stopped {
		return // cancelled or over: late audio is nobody's
	}
	scratch := scratchPool.Get().(*[]byte)
	defer scratchPool.Put(scratch)
	raw, err := a.rawLocked(f, scratch)
	if err != nil {
		a.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "audio that is not base64", Err: err})
		return
	}
	if len(raw) == 0 {
		return
	}
	a.g.giveFloorLocked(a)
	a.tickLocked(arrived)
	a.clock.add(f.Format, len(raw))
	if a.runsAwayLocked() {
		a.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "far more audio than the text can take"})
		return
	}
	p, err := a.payloadLocked(f, raw)
	if err != nil {
		a.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "audio in a format that can't be converted", Err: err})
		return
	}
	p.at = arrived
	a.deliverLocked(p)
}

// payloadLocked is a frame as the client gets it; valid until the next frame.
func (a *attempt) payloadLocked(f upstream.Frame, raw []byte) (payload, error) {
	if a.passesLocked(f, raw) {
		if a.ear != nil {
			a.ear.Hear(raw)
		}
		samples := int64(len(raw) / f.Format.BytesPerSample())
		if a.seam.open() {
			raw = a.seam.join(a.g.req.output, raw)
			return payload{raw: raw, samples: int64(len(raw) / f.Format.BytesPerSample())}, nil
		}
		return payload{base64: f.Base64, samples: samples, end: lastSample(f.Format, raw)}, nil
	}
	out, err := a.convertLocked(f.Format, raw)
	if err != nil {
		return payload{}, err
	}
	if a.ear != nil {
		a.ear.Hear(out)
	}
	if a.seam.open() {
		out = a.seam.join(a.g.req.output, out)
	}
	return payload{raw: out, samples: int64(len(out) / a.g.req.output.BytesPerSample())}, nil
}

// tickLocked notes when a frame came. While the text paused, the vendor owed none.
func (a *attempt) tickLocked(now time.Time) {
	if !a.lastFrame.IsZero() {
		gap := min(now.Sub(later(a.lastFrame, a.owedSince)), a.g.req.plan.StallTimeout)
		if a.interval == 0 {
			a.interval = gap
		}
		a.interval += (gap - a.interval) / intervalMemory
	}
	a.lastFrame = now
}

// intervalMemory is how many frames make what is usual between two of them.
const intervalMemory = 4

// A vendor that sends runawayFactor times the audio that its text would take slowly, and runawaySlack more, has lost
// its way.
const (
	runawayFactor = 4
	runawaySlack  = 10 * time.Second
)

func (a *attempt) runsAwayLocked() bool {
	return a.clock.duration() > runawayFactor*a.expected+runawaySlack
}

// survivePanic keeps a fault of ours in one attempt's frames from the vendor socket that others share.
func (a *attempt) survivePanic() {
	fault := recover()
	if fault == nil {
		return
	}
	err := a.g.origin.srv.internal(a.g.log, "panic in a frame", fault)
	a.g.stop(&stopCause{name: "internal fault", reason: reasonFailed, err: err})
}

// scratchPool has buffers for decoded audio, which is copied or forgotten before the frame is done with.
var scratchPool = sync.Pool{New: func() any { return new([]byte) }}

// rawLocked is the frame's audio bytes, in scratch where they had to be decoded. Base64 is decoded even where it will be
// passed on as it is: only so is it known to be base64, and decoding costs half a microsecond.
func (a *attempt) rawLocked(f upstream.Frame, scratch *[]byte) ([]byte, error) {
	if f.Base64 == nil {
		return f.Raw, nil
	}
	if need := base64.StdEncoding.DecodedLen(len(f.Base64)); cap(*scratch) < need {
		*scratch = make([]byte, need)
	}
	room := (*scratch)[:cap(*scratch)]
	n, err := base64.StdEncoding.Decode(room, f.Base64)
	a.clean = err == nil
	if err != nil {
		// The fast decoder takes no line breaks, the standard one does.
		if n, err = stdbase64.StdEncoding.Decode(room, f.Base64); err != nil {
			return nil, errNotBase64
		}
	}
	return room[:n], nil
}

// passesLocked reports whether the vendor's base64 can go to the client as it is.
func (a *attempt) passesLocked(f upstream.Frame, raw []byte) bool {
	g := a.g
	return f.Base64 != nil && a.clean && g.origin.framing == framingJSON && a.conv == nil &&
		f.Format.Samples() == g.req.output.Samples() &&
		len(raw)%f.Format.BytesPerSample() == 0 &&
		(g.req.output.Encoding != audio.WAV || g.seq > 0)
}

// convertLocked takes audio bytes to the output's format; the result is valid until the next frame. Once
// an attempt has needed the converter, all its audio goes through it, since it may hold half a sample.
func (a *attempt) convertLocked(from audio.Format, raw []byte) ([]byte, error) {
	a.converted = a.converted[:0]
	if a.conv != nil && a.convFrom != from {
		a.converted = a.conv.Flush(a.converted)
		a.conv = nil
	}
	if a.conv == nil {
		conv, err := audio.NewConverter(from, a.g.req.output.Samples())
		if err != nil {
			return nil, err
		}
		a.conv, a.convFrom = conv, from
	}
	a.converted = a.conv.Convert(a.converted, raw)
	return a.converted, nil
}

// payload is audio in the output's format, either as bytes or as the vendor's own base64.
type payload struct {
	raw, base64 []byte
	end         sample // the last one, where the audio is base64
	samples     int64
	at          time.Time // when it came
}

// emitLocked queues audio for the client, and the words whose end it reaches.
func (a *attempt) emitLocked(p payload) {
	g := a.g
	if p.samples == 0 {
		return
	}
	if !a.heard {
		a.heard = true
		g.introduceLocked(a, p.at)
	}
	g.out.push(g.audioMessageLocked(p))
	g.seq++
	g.lastHeard = p.end
	if p.raw != nil {
		g.lastHeard = lastSample(g.req.output, p.raw)
	}
	g.track.samples += p.samples
	g.announceLocked()
}

// audioMessageLocked builds the client's message. The WAV header stands in the first frame and is no sample.
func (g *generation) audioMessageLocked(p payload) *message {
	head := protocol.Audio{
		GenerationID: g.req.id,
		Seq:          g.seq,
		StartMS:      uint32(audio.Milliseconds(g.track.samples, g.req.output.Rate)),
		Samples:      uint32(p.samples),
	}
	m := newMessage(websocket.MessageText)
	m.samples, m.queued = p.samples, p.at
	raw := p.raw
	if g.seq == 0 && g.req.output.Encoding == audio.WAV {
		raw = append(audio.WAVHeader(g.req.output.Rate), raw...)
	}
	switch {
	case g.origin.framing == framingBare:
		m.kind, m.buf = websocket.MessageBinary, append(m.buf, raw...)
	case g.origin.framing == framingBinary:
		m.kind = websocket.MessageBinary
		m.buf = protocol.AppendAudioBinary(m.buf, head, raw)
	case p.base64 != nil:
		m.buf = protocol.AppendAudioJSON(m.buf, head, p.base64)
	default:
		m.buf = protocol.AppendAudioHead(m.buf, head)
		m.buf = appendBase64(m.buf, raw)
		m.buf = protocol.AppendAudioTail(m.buf)
	}
	return m
}

// appendBase64 appends the base64 of raw.
func appendBase64(dst, raw []byte) []byte {
	n := base64.StdEncoding.EncodedLen(len(raw))
	dst = slices.Grow(dst, n)
	end := len(dst)
	base64.StdEncoding.Encode(dst[end:end+n], raw)
	return dst[:end+n]
}

// Words maps the vendor's words back to the client's text.
func (a *attempt) Words(ws []upstream.Word) {
	defer a.survivePanic()
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if a.ended || a.g.stopped {
		return
	}
	for len(ws) > 0 {
		n := 1
		for n < len(ws) && ws[n].Piece == ws[0].Piece {
			n++
		}
		a.alignLocked(ws[0].Piece, ws[:n])
		ws = ws[n:]
	}
	a.releaseHeldLocked(time.Now())
	a.g.announceLocked()
}

// alignLocked takes words of one piece.
func (a *attempt) alignLocked(id int, ws []upstream.Word) {
	if id < 0 || id >= len(a.pieces) {
		return // of no piece that was ordered
	}
	rate := a.g.req.output.Rate
	spoken := make([]text.Spoken, len(ws))
	for i, w := range ws {
		spoken[i] = text.Spoken{
			Text:  w.Text,
			Start: a.base + audio.Samples(w.Start, rate),
			End:   a.base + audio.Samples(w.End, rate),
			Score: w.Score,
		}
	}
	if !a.pieces[id].timed {
		a.noteTimingLocked()
	}
	a.pieces[id].timed = true
	a.timeLocked(a.pieces[id].aligner.Add(spoken))
}

// noteTimingLocked remembers whether the first words of a piece came as it was spoken.
func (a *attempt) noteTimingLocked() {
	when := prompt
	if a.clock.duration() > a.pieceFrom+lateWords {
		when = late
	}
	a.g.origin.srv.habits.noteTiming(a.voice(), when)
}

// lateWords is the audio of a piece that comes before its first word time where a vendor times as it speaks.
const lateWords = 500 * time.Millisecond

// timeLocked notes words, or keeps them until the attempt has the floor.
func (a *attempt) timeLocked(words []text.Timed) {
	if a.g.floor == a {
		a.g.track.addWords(words)
	} else {
		a.early = append(a.early, words...)
	}
}

// PieceEnd notes that a piece has been delivered, so that the next can be sent.
func (a *attempt) PieceEnd(id int) {
	defer a.survivePanic()
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	if a.ended || a.g.stopped || id < a.delivered || id >= len(a.pieces) {
		return
	}
	if err := a.pieceVerdictLocked(id); err != nil {
		a.failLocked(err) // not an end that could be relied on
		return
	}
	a.endPiecesLocked(id)
	if a.g.floor == a {
		a.g.outpaceLocked(a) // what seemed missing is all there
	}
	a.releaseHeldLocked(time.Now())
	a.g.announceLocked()
	a.g.pokeRun()
}

// pieceVerdictLocked judges what came for the pieces up to id that are not delivered yet.
func (a *attempt) pieceVerdictLocked(id int) error {
	pieces := a.pieces[a.delivered : id+1]
	if err := a.speechVerdict(pieces, a.clock.duration()-a.pieceFrom); err != nil {
		return err
	}
	if a.brokeOffLocked(pieces) {
		return &upstream.Error{Kind: upstream.ShortAudio, Message: "a normal end in the middle of the text"}
	}
	return nil
}

// endPiecesLocked ends all pieces up to id.
func (a *attempt) endPiecesLocked(id int) {
	at := a.base + audio.Samples(a.clock.duration(), a.g.req.output.Rate)
	first := a.delivered
	for ; a.delivered <= id; a.delivered++ {
		p := a.pieces[a.delivered]
		a.timeLocked(p.aligner.Finish())
		if a.g.floor == a {
			a.g.track.endPiece(p.track, at)
		}
	}
	a.learnLocked(first)
	a.pieceFrom = a.clock.duration()
	a.owedSince = time.Now()
}

// End takes the stream's end. What the vendor charged counts even for a stream that was cancelled.
func (a *attempt) End(u upstream.Usage, err error) {
	defer a.survivePanic()
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	a.usage = u
	if a.ended {
		return
	}
	if err == nil && !a.g.stopped {
		if err = a.wholeVerdictLocked(); err == nil {
			a.drainLocked()
		}
	}
	a.ended, a.err = true, err
	a.g.pokeRun()
}

// drainLocked sends what the converter holds and what was held back, and announces the words that remain. An attempt
// that has come so far has won: one that spoke a moment later would say its words again.
func (a *attempt) drainLocked() {
	a.g.outpaceLocked(a)
	if a.g.floor != a {
		return
	}
	if a.conv != nil {
		a.converted = a.conv.Flush(a.converted[:0])
		a.conv = nil
		out := a.converted
		a.deliverLocked(payload{raw: out, samples: int64(len(out) / a.g.req.output.BytesPerSample()), at: time.Now()})
	}
	a.held.flush(a.emitLocked)
	if len(a.pieces) > 0 && a.delivered < len(a.pieces) {
		a.endPiecesLocked(len(a.pieces) - 1)
	}
	a.g.track.clamp()
	a.g.announceLocked()
}

// failLocked ends the attempt from our side.
func (a *attempt) failLocked(err error) {
	a.ended, a.err = true, err
	a.g.pokeRun()
}

// inputClock counts the audio that a vendor sent, over changes of format.
type inputClock struct {
	format audio.Format
	bytes  int64
	before time.Duration // what came in former formats
}

func (c *inputClock) add(f audio.Format, n int) {
	if f != c.format {
		c.before = c.duration()
		c.format, c.bytes = f, 0
	}
	c.bytes += int64(n)
}

func (c *inputClock) duration() time.Duration {
	if c.format.Rate == 0 {
		return c.before
	}
	samples := c.bytes / int64(c.format.BytesPerSample())
	return c.before + time.Duration(samples)*time.Second/time.Duration(c.format.Rate)
}
