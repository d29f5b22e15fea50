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

// zeliSpeaker speaks what a connection's reader gives it. It alone writes to the socket.
type zeliSpeaker struct {
	*zeligate

	// Static after newZeliSpeaker.
	conn   *websocket.Conn
	halt   context.CancelFunc // ends the speech, not the connection
	silent chan struct{}      // closed when nothing more is sent
	wake   chan struct{}      // holds one token while jobs may wait

	// Static after begin, which comes before any job.
	zeliOrder
	index int // in the stats
	fault engine.Fault
	voice zeliVoicing

	mu      sync.Mutex // guards what follows
	jobs    []zeliJob  // no more than a stream may have characters
	begun   bool
	settled bool       // how the stream ends is decided
	wrong   *zeliError // that it ends with; nil: something else
	last    time.Time  // of the client's last word
}

// zeliOrder is what BOS and the address ask for.
type zeliOrder struct {
	id      string // a number, for the stats
	speed   float64
	encoder engine.Encoder
}

// zeliJob is something for the speaker to do.
type zeliJob struct {
	kind zeliJobKind
	text string
}

type zeliJobKind int

const (
	zeliOpen zeliJobKind = iota
	zeliSay
	zeliEndOfText
)

func newZeliSpeaker(z *zeligate, conn *websocket.Conn, halt context.CancelFunc) *zeliSpeaker {
	return &zeliSpeaker{
		zeligate: z, conn: conn, halt: halt,
		silent: make(chan struct{}), wake: make(chan struct{}, 1), last: time.Now(),
	}
}

// begin enters the stream. Called by the reader, once.
func (s *zeliSpeaker) begin(order zeliOrder) {
	s.zeliOrder = order
	s.fault = s.server.CurrentFault()
	s.index = s.server.Begin(order.id)
	s.mu.Lock()
	s.begun = true
	s.mu.Unlock()
	s.push(zeliJob{kind: zeliOpen})
}

// note changes what has been seen of the stream, which has begun.
func (s *zeliSpeaker) note(change func(*engine.Stream)) { s.server.Stream(s.index, change) }

// touch starts the time anew in which the client has to say something.
func (s *zeliSpeaker) touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
}

func (s *zeliSpeaker) push(j zeliJob) {
	s.mu.Lock()
	s.jobs = append(s.jobs, j)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *zeliSpeaker) pop() (zeliJob, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobs) == 0 {
		return zeliJob{}, false
	}
	j := s.jobs[0]
	s.jobs = s.jobs[1:]
	return j, true
}

// fail ends the speech with an error, unless its end is decided already.
func (s *zeliSpeaker) fail(e *zeliError) {
	if s.settle(e) {
		s.halt()
	}
}

// settle decides how the stream ends: with an error, or without one. It reports false where that is decided.
func (s *zeliSpeaker) settle(wrong *zeliError) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settled {
		return false
	}
	s.settled, s.wrong = true, wrong
	return true
}

func (s *zeliSpeaker) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settled
}

func (s *zeliSpeaker) failure() *zeliError {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}

// run speaks until the stream ends, or until ctx does with the connection. speech ends with halt too.
func (s *zeliSpeaker) run(ctx, speech context.Context) {
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
func (s *zeliSpeaker) speak(ctx context.Context) zeliEnd {
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
	return zeliEnd{}
}

// await waits for a job, in the time that the client has.
func (s *zeliSpeaker) await(ctx context.Context) {
	var lapsed <-chan time.Time // never comes where sockets may be idle
	if s.quirks.idles {
		s.mu.Lock()
		left := time.Until(s.last.Add(cmp.Or(s.server.Options().Inactivity, zeliInactivity)))
		s.mu.Unlock()
		if left <= 0 {
			s.fail(zeliIdle())
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
func (s *zeliSpeaker) do(ctx context.Context, j zeliJob) (end zeliEnd, over bool) {
	switch j.kind {
	case zeliOpen:
		if s.quirks.hold == holdStream {
			s.engage(ctx)
		}
	case zeliSay:
		return s.say(ctx, j.text)
	case zeliEndOfText:
		return s.finish(), true
	}
	return zeliEnd{}, false
}

// finish sends what the encoder still has, and the final frame.
func (s *zeliSpeaker) finish() zeliEnd {
	if end, over := s.broken(); over {
		return end
	}
	if s.fault.Kind != engine.Empty {
		s.sendAudio(append(s.voice.held, s.encoder.End()...))
	}
	if !s.settle(nil) {
		return zeliEnd{}
	}
	engine.Send(s.conn, engine.Object{"audio": nil, "isFinal": true})
	if s.quirks.finalCloses {
		return zeliEnd{code: websocket.StatusNormalClosure}
	}
	return zeliEnd{}
}

// sendAudio sends encoded audio, of which there may be none. Nothing says which text it is of.
func (s *zeliSpeaker) sendAudio(encoded []byte) {
	if len(encoded) == 0 {
		return
	}
	engine.Send(s.conn, engine.Object{"audio": engine.ToBase64(encoded), "isFinal": nil, "normalizedAlignment": nil, "alignment": nil})
}

// count adds generated audio. There is no price for it.
func (s *zeliSpeaker) count(samples int) {
	s.voice.samples += int64(samples)
	length := audio.Duration(s.voice.samples, engine.NativeRate)
	s.note(func(st *engine.Stream) { st.Audio = length })
}
