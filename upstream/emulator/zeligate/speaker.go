package zeligate

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
)

// speaker speaks what a connection's reader gives it. It alone writes to the socket.
type speaker struct {
	*emulator

	// Static after newSpeaker.
	conn   *websocket.Conn
	halt   context.CancelFunc // ends the speech, not the connection
	silent chan struct{}      // closed when nothing more is sent
	wake   chan struct{}      // holds one token while jobs may wait

	// Static after begin, which comes before any job.
	order
	index int // in the stats
	fault engine.Fault
	voice voicing

	mu      sync.Mutex // guards what follows
	jobs    []job      // no more than a stream may have characters
	begun   bool
	settled bool      // how the stream ends is decided
	wrong   *failure  // that it ends with; nil: something else
	last    time.Time // of the client's last word
}

// order is what BOS and the address ask for.
type order struct {
	id      string // a number, for the stats
	speed   float64
	encoder engine.Encoder
}

// voicing is where a stream's speech is. It is the speaker's alone.
type voicing struct {
	engaged bool         // it has an engine
	stalled bool         // it does not go on
	chunks  int          // of text, begun
	samples int64        // generated, at the native rate
	rest    []int16      // of the chunk that is spoken
	held    []byte       // encoded, for the next frame: where frames end within samples
	pacer   engine.Pacer // of the chunk
}

// job is something for the speaker to do.
type job struct {
	kind jobKind
	text string
}

type jobKind int

const (
	open jobKind = iota
	say
	endOfText
)

func newSpeaker(z *emulator, conn *websocket.Conn, halt context.CancelFunc) *speaker {
	return &speaker{
		emulator: z, conn: conn, halt: halt,
		silent: make(chan struct{}), wake: make(chan struct{}, 1), last: time.Now(),
	}
}

// begin enters the stream. Called by the reader, once.
func (s *speaker) begin(order order) {
	s.order = order
	s.fault = s.server.CurrentFault()
	s.index = s.server.Begin(order.id)
	s.mu.Lock()
	s.begun = true
	s.mu.Unlock()
	s.push(job{kind: open})
}

// note changes what has been seen of the stream, which has begun.
func (s *speaker) note(change func(*engine.Stream)) { s.server.Stream(s.index, change) }

// touch restarts the time in which the client has to say something.
func (s *speaker) touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
}

func (s *speaker) push(j job) {
	s.mu.Lock()
	s.jobs = append(s.jobs, j)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *speaker) pop() (job, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobs) == 0 {
		return job{}, false
	}
	j := s.jobs[0]
	s.jobs = s.jobs[1:]
	return j, true
}

// fail ends the speech with an error, unless its end is decided already.
func (s *speaker) fail(e *failure) {
	if s.settle(e) {
		s.halt()
	}
}

// settle decides how the stream ends: with an error, or without one. It reports false where that is decided.
func (s *speaker) settle(wrong *failure) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settled {
		return false
	}
	s.settled, s.wrong = true, wrong
	return true
}

func (s *speaker) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settled
}

func (s *speaker) failure() *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}

// sendAudio sends encoded audio, of which there may be none. Nothing says which text it is of.
// Both alignments are always null on the socket: times exist on the HTTP calls only (Zeligate's docs).
func (s *speaker) sendAudio(encoded []byte) {
	if len(encoded) == 0 {
		return
	}
	engine.Send(s.conn, engine.Object{"audio": engine.ToBase64(encoded), "isFinal": nil, "normalizedAlignment": nil, "alignment": nil})
}

// count adds generated audio. There is no price for it.
func (s *speaker) count(samples int) {
	s.voice.samples += int64(samples)
	length := audio.Duration(s.voice.samples, engine.NativeRate)
	s.note(func(st *engine.Stream) { st.Audio = length })
}
