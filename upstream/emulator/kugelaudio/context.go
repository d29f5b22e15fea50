package kugelaudio

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// speechContext is one context. The connection's reader gives it jobs, and one goroutine speaks.
type speechContext struct {
	// Static after create.
	conn     *connection
	id       string
	voice    *json.Number // nil: none was given
	settings settings
	fault    engine.Fault
	index    int // in the stats
	stop     context.CancelFunc
	idle     time.Duration
	turn     bool          // it is a turn of /ws/tts/stream
	stale    time.Duration // after which a turn speaks what has no sentence end
	over     chan struct{} // closed when the speaker has ended

	mu     sync.Mutex // guards what follows
	buffer string     // text that is not spoken yet
	closed bool       // nothing more is taken
	jobs   []job
	cause  stopKind
	last   time.Time     // of the client's last word
	wake   chan struct{} // holds one token while jobs may wait

	// Owned by the speaker.
	chunk, idx int
	frames     int   // of audio
	samples    int64 // generated, at the native rate
	characters int
	pacer      engine.Pacer
}

// job is something for a context's speaker to do.
type job struct {
	kind jobKind
	text string
}

type jobKind int

const (
	jobSay jobKind = iota
	jobFinal
	jobClose
	jobFail
	jobTurn // a turn's end on /ws/tts/stream
)

// stopKind is why a context was halted.
type stopKind int

const (
	notStopped stopKind = iota
	stopImmediate
	stopCancel
	stopGone
)

func newSpeechContext(c *connection, id string, f frame) *speechContext {
	k := &speechContext{
		conn: c, id: id, settings: c.session, fault: c.server.CurrentFault(), idle: inactivity,
		over: make(chan struct{}), wake: make(chan struct{}, 1), last: time.Now(),
		pacer: engine.Pacer{Pace: c.server.Options().Pace},
	}
	if f.Voice != nil {
		k.voice = f.Voice.VoiceID
	}
	if c.server.Options().Inactivity > 0 {
		k.idle = c.server.Options().Inactivity
	}
	if s := c.session.Inactivity; s > 0 {
		k.idle = time.Duration(s * float64(time.Second))
	}
	if k.fault.Kind == engine.Slow {
		k.pacer.Pace = 0.5
	}
	return k
}

// push gives the speaker a job.
func (k *speechContext) push(j job) {
	k.mu.Lock()
	k.jobs = append(k.jobs, j)
	k.closed = k.closed || j.kind == jobClose
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *speechContext) pop() (job, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.jobs) == 0 {
		return job{}, false
	}
	j := k.jobs[0]
	k.jobs = k.jobs[1:]
	return j, true
}

// closes reports whether the close is the next job.
func (k *speechContext) closes() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.jobs) > 0 && k.jobs[0].kind == jobClose
}

// draining reports whether the context only finishes what it has.
func (k *speechContext) draining() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// halt stops the speaker at once.
func (k *speechContext) halt(cause stopKind) {
	k.mu.Lock()
	if k.cause == notStopped {
		k.cause = cause
	}
	k.mu.Unlock()
	k.stop()
}

func (k *speechContext) stopped() stopKind {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cause
}

// touch resets the inactivity timer.
func (k *speechContext) touch() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = time.Now()
}

// fail ends the context with an error frame.
func (k *speechContext) fail(code, text string) {
	k.push(job{kind: jobFail, text: code + ":" + text})
}

// speak does the context's jobs in order until it is closed, halted or forgotten by its client.
func (k *speechContext) speak(ctx context.Context) {
	defer close(k.over)
	defer k.stop()
	for ctx.Err() == nil {
		j, ok := k.pop()
		if !ok {
			if !k.await(ctx) {
				break
			}
			continue
		}
		if k.do(ctx, j) {
			k.conn.remove(k)
			return
		}
	}
	k.conn.remove(k)
	switch k.stopped() {
	case stopImmediate:
		k.sendClosed(k.conn.quirks.usageAfterImmediate)
		k.sendLate()
	case stopCancel:
		k.sendLate() // before interrupted, which the connection sends
	}
}

// await waits for a job. It reports false where the context is over.
func (k *speechContext) await(ctx context.Context) bool {
	k.mu.Lock()
	left := time.Until(k.last.Add(k.idle))
	stale := k.turn && k.buffer != ""
	if stale {
		left = min(left, time.Until(k.last.Add(k.stale)))
	}
	k.mu.Unlock()
	if left <= 0 {
		return k.lapse(stale)
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-k.wake:
	case <-timer.C:
	}
	return true
}

// lapse is what happens when the client has been quiet: a stale buffer is spoken, a turn ends, a context is gone.
func (k *speechContext) lapse(stale bool) (goesOn bool) {
	switch {
	case stale:
		k.flushInto()
	case k.turn:
		k.send(engine.Object{"warning": "Turn ended after 5s of inactivity."})
		k.push(job{kind: jobTurn})
	default:
		k.send(engine.Object{"context_timeout": true})
		return false
	}
	return true
}

// send sends a frame of the context, which names it where there are several.
func (k *speechContext) send(o engine.Object) {
	if !k.turn {
		o["context_id"] = k.id
	}
	k.conn.send(o)
}

// do does one job and reports whether it was the last.
func (k *speechContext) do(ctx context.Context, j job) (last bool) {
	switch j.kind {
	case jobSay:
		return k.say(ctx, j.text)
	case jobFinal:
		if k.conn.quirks.oneFinal && k.closes() {
			return false // the close's own final stands for both
		}
		k.send(engine.Object{"final": true})
	case jobClose:
		k.send(engine.Object{"final": true})
		k.conn.remove(k) // before it is told: whoever has heard of it may open another in its place
		k.sendClosed(true)
		return true
	case jobFail:
		k.conn.remove(k)
		code, text, _ := strings.Cut(j.text, ":")
		k.conn.sendError(code, text, k.id)
		return true
	case jobTurn:
		k.sendTurnEnd()
		return true
	}
	return false
}

// say speaks one chunk of text.
func (k *speechContext) say(ctx context.Context, text string) (last bool) {
	if k.broken(ctx) {
		return true
	}
	chunk := k.chunk
	k.chunk++
	k.characters += utf8.RuneCountInString(text)
	k.send(engine.Object{"generation_started": true, "chunk_id": chunk, "text": text})
	began := time.Now()
	spoken := k.generate(ctx, text, chunk)
	delay := k.conn.server.Options().FirstAudio
	if k.fault.Kind == engine.Late && chunk == 0 {
		delay += k.fault.After
	}
	if !engine.Pause(ctx, delay) {
		return false
	}
	if k.conn.quirks.wordsFirst {
		k.sendWords(spoken, text, chunk)
	}
	if k.sendAudio(ctx, spoken.PCM, chunk) {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	if !k.conn.quirks.wordsFirst {
		k.sendWords(spoken, text, chunk)
	}
	seconds := float64(len(spoken.PCM)) / engine.NativeRate
	k.send(engine.Object{
		"chunk_complete": true, "chunk_id": chunk,
		"audio_seconds": seconds, "gen_ms": time.Since(began).Milliseconds(),
	})
	return false
}

// generate is the chunk's speech, spoiled where that is the fault.
func (k *speechContext) generate(ctx context.Context, text string, chunk int) voice.Spoken {
	seed := k.conn.server.Options().Seed + uint64(chunk)
	spoken := k.conn.server.Say(ctx, text, k.settings.normalizes(), seed, k.settings.speed())
	switch k.fault.Kind {
	case engine.Empty:
		return voice.Spoken{}
	case engine.WrongLength:
		return engine.CutShort(spoken, k.fault)
	}
	return spoken
}

// sendAudio sends a chunk's audio at the options' pace and reports whether a fault ended the context.
func (k *speechContext) sendAudio(ctx context.Context, pcm []int16, chunk int) (ended bool) {
	format, _ := k.settings.format()
	raw, err := engine.Encode(pcm, format)
	if err != nil {
		k.conn.sendError("INTERNAL_ERROR", "", k.id)
		return true
	}
	if k.pacer.Began.IsZero() {
		k.pacer.Began = time.Now()
	}
	if k.conn.quirks.idxPerChunk {
		k.idx = 0
	}
	sample := format.BytesPerSample()
	size := int(k.conn.quirks.chunk.Seconds()*float64(format.Rate)) * sample
	if k.fault.Kind == engine.OddChunks {
		size++
	}
	charged, total := int64(0), len(raw)
	for len(raw) > 0 {
		n := min(size, len(raw))
		if !k.pacer.Wait(ctx, audio.Duration(int64(n/sample), format.Rate)) {
			return false
		}
		sent := int64(len(pcm)) * int64(total-len(raw)+n) / int64(total)
		k.charge(sent - charged)
		charged = sent
		k.sendFrame(raw[:n], format, chunk)
		raw = raw[n:]
		if k.broken(ctx) {
			return true
		}
	}
	return false
}

// charge counts generated audio.
func (k *speechContext) charge(samples int64) {
	k.samples += samples
	k.conn.mu.Lock()
	k.conn.samples += samples
	k.conn.mu.Unlock()
	k.conn.server.Stream(k.index, func(s *engine.Stream) {
		s.Audio = audio.Duration(k.samples, engine.NativeRate)
		s.Charge = (k.centMicros() + 50) / 100 // rounded half up
	})
}

// centMicros is the charge in millionths of a cent.
func (k *speechContext) centMicros() int64 { return k.samples * centMicros / engine.NativeRate }

func (k *speechContext) sendFrame(raw []byte, format audio.Format, chunk int) {
	k.frames++
	k.send(engine.Object{
		"audio": engine.ToBase64(raw), "enc": string(format.Encoding), "idx": k.idx,
		"sr": format.Rate, "samples": len(raw) / format.BytesPerSample(), "chunk_id": chunk,
	})
	k.idx++
}

// broken plays the fault when its time has come, and reports whether that ended the context.
func (k *speechContext) broken(ctx context.Context) bool {
	if audio.Duration(k.samples, engine.NativeRate) < k.fault.After {
		return false
	}
	switch k.fault.Kind {
	case engine.Stall:
		<-ctx.Done() // the client stops the context, or leaves
		return false
	case engine.Drop:
		_ = k.conn.conn.CloseNow() // that is the fault
		return true
	case engine.CloseCode:
		k.conn.wg.Go(func() { _ = k.conn.conn.Close(websocket.StatusCode(k.fault.Code), "") }) // that is the fault
		return true
	case engine.ErrorFrame:
		id := k.id
		if k.fault.Session {
			id = ""
		}
		k.conn.sendError(k.fault.Name, "", id)
		return true
	case engine.Garbage:
		engine.SendGarbage(k.conn.conn)
		return true
	}
	return false
}

// noChunk is the chunk of a request on /ws/tts, which has none.
const noChunk = -1

// sendWords sends a chunk's word times: from the chunk's start, with offsets into the text as normalized. Where a
// number was spelled out, that text is not known here, and its words follow each other by single spaces.
func (k *speechContext) sendWords(spoken voice.Spoken, text string, chunk int) {
	if !k.settings.WordTimestamps || len(spoken.Words) == 0 {
		return
	}
	words := make([]engine.Object, 0, len(spoken.Words))
	at := 0 // code points of text
	for _, w := range spoken.Words {
		n := utf8.RuneCountInString(w.Text)
		rest := string([]rune(text)[min(at, utf8.RuneCountInString(text)):])
		if i := strings.Index(rest, w.Text); i >= 0 {
			at += utf8.RuneCountInString(rest[:i])
		}
		words = append(words, engine.Object{
			"word": w.Text, "start_ms": w.Start.Milliseconds(), "end_ms": w.End.Milliseconds(),
			"char_start": at, "char_end": at + n, "score": 1.0,
		})
		at += n
	}
	o := engine.Object{"word_timestamps": words}
	if chunk != noChunk {
		o["chunk_id"] = chunk
	}
	k.send(o)
}

// sendClosed is a context's end. Without speech it bears no usage.
func (k *speechContext) sendClosed(usage bool) {
	o := engine.Object{"context_closed": true}
	if usage && k.characters > 0 {
		o["usage"] = k.usage()
	}
	k.send(o)
}

func (k *speechContext) usage() engine.Object {
	model := k.settings.ModelID
	if model == "" {
		model = "kugel-3.5"
	}
	u := engine.Object{
		"audio_seconds": float64(k.samples) / engine.NativeRate, "characters": k.characters, "model_id": model,
	}
	if k.fault.Kind == engine.NullCost {
		u["cost_cents"], u["cost_unavailable"] = nil, true
		return u
	}
	micros := k.centMicros()
	u["cost_cents"] = json.Number(fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6))
	u["currency"] = "eur"
	return u
}

// sendLate is the audio that was under way when the context was closed.
func (k *speechContext) sendLate() {
	format, _ := k.settings.format()
	for range k.conn.quirks.lateFrames {
		k.sendFrame(make([]byte, 960), format, max(0, k.chunk-1))
	}
}
