package zeligate

import (
	"cmp"
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

// run speaks until the stream ends, or until ctx does with the connection. speech ends with halt too.
func (s *speaker) run(ctx, speech context.Context) {
	defer s.release()
	end := s.speak(speech)
	if s.voice.stalled {
		<-ctx.Done()
	}
	if wrong := s.failure(); wrong != nil && ctx.Err() == nil {
		end = s.tell(s.conn, wrong)
	}
	s.mu.Lock()
	begun := s.begun
	s.mu.Unlock()
	if begun {
		s.server.Finish(s.index)
	}
	close(s.silent)
	end.apply(ctx, s.conn)
	if s.quirks.lingers {
		s.linger()
	}
}

// speak does the jobs in order, and returns how the socket ends.
func (s *speaker) speak(ctx context.Context) endReason {
	for ctx.Err() == nil {
		j, ok := s.pop()
		if !ok {
			s.await(ctx)
			continue
		}
		if end, over := s.do(ctx, j); over {
			return end
		}
	}
	return endReason{}
}

// await waits for a job, in the time that the client has.
// No idle limit is documented. Where one is drawn, it is ElevenLabs' of 20 s.
func (s *speaker) await(ctx context.Context) {
	var lapsed <-chan time.Time // never comes where sockets may be idle
	if s.quirks.idles {
		s.mu.Lock()
		left := time.Until(s.last.Add(cmp.Or(s.server.Options().Inactivity, inactivity)))
		s.mu.Unlock()
		if left <= 0 {
			s.fail(idle())
			return
		}
		timer := time.NewTimer(left)
		defer timer.Stop()
		lapsed = timer.C
	}
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-lapsed:
	}
}

// do does one job and reports whether it was the last.
func (s *speaker) do(ctx context.Context, j job) (end endReason, over bool) {
	switch j.kind {
	case open:
		if s.quirks.hold == holdStream {
			s.engage(ctx)
		}
	case say:
		return s.say(ctx, j.text)
	case endOfText:
		return s.finish(), true
	}
	return endReason{}, false
}

// finish sends what the encoder still has, and the final frame.
// The docs' program closes after the final frame; whether the server would is not said. ElevenLabs closes with 1000.
func (s *speaker) finish() endReason {
	if end, over := s.broken(); over {
		return end
	}
	if s.fault.Kind != engine.Empty {
		s.sendAudio(append(s.voice.held, s.encoder.End()...))
	}
	if !s.settle(nil) {
		return endReason{}
	}
	engine.Send(s.conn, engine.Object{"audio": nil, "isFinal": true})
	if s.quirks.finalCloses {
		return endReason{code: websocket.StatusNormalClosure}
	}
	return endReason{}
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
