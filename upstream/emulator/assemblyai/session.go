package assemblyai

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// session is one connection. Its reader takes messages, and one goroutine does what they order.
type session struct {
	// Static after connect.
	*emulator
	socket   *websocket.Conn
	id       string
	settings settings
	began    time.Time
	wake     chan struct{}  // holds one token while there may be something to do
	wg       sync.WaitGroup // the speaker, the clock, and the close of a fault

	mu sync.Mutex // guards what follows
	text
	billed int       // characters
	last   time.Time // when a frame went in either direction

	speaker // owned by the speaker
}

// text is what a session has to say.
type text struct {
	queue    []job
	buffer   string             // text that no job has
	request  *request           // that the buffer belongs to; nil: none has begun
	next     int                // the number of the next Flush or Cancel
	unspoken int                // characters that have not been spoken
	running  *request           // that is being spoken; nil: none is
	halt     context.CancelFunc // stops the job that is being done; nil: none is
	ending   bool               // nothing more is taken
}

// job is what the speaker does next: speak a text, and then answer.
type job struct {
	request *request // nil: nothing was said
	text    string
	then    then
}

// then is what follows a text.
type then int

const (
	thenNothing then = iota
	thenFlushDone
	thenCancelled
	thenTermination
)

// request is what is said up to a Flush, a stream of its own in the stats.
type request struct {
	number    int
	index     int
	fault     engine.Fault
	start     int64 // samples of the session before it
	samples   int64 // generated, at the native rate
	billed    int   // characters
	spoke     bool
	dead      bool     // it has met its fault
	words     []object // its boundaries
	cancelled bool     // guarded by the session's mu
	over      bool     // guarded by the session's mu
}

// speaker is what a session's speaker keeps from text to text.
type speaker struct {
	samples int64    // of the session, generated at the native rate
	current *request // that a Cancel would stop; nil: none
	rest    []byte   // audio that was under way when it was stopped
	waits   object   // WordBoundaries that are to come yet; nil: none
	pacer   engine.Pacer
}

// object is a message, or a part of one.
type object = engine.Object

func newSession(e *emulator, socket *websocket.Conn, s settings) *session {
	return &session{emulator: e, socket: socket, settings: s, began: time.Now(), last: time.Now(), wake: make(chan struct{}, 1)}
}

// generate takes a text. Texts are joined as they are sent; what is said before a Flush may be spoken by then.
func (s *session) generate(text string) *failure {
	defer s.poke()
	s.mu.Lock()
	defer s.mu.Unlock()
	length := utf8.RuneCountInString(text)
	switch {
	case s.ending:
		return nil
	case length > maxText:
		return invalid("text", "text has more than 2000 characters.")
	case s.unspoken+length > maxUnspoken || len(s.queue) >= maxJobs:
		return &failure{code: tooMuchWaiting, kind: "too_much_unspoken_text", text: "Too much text is waiting."}
	case hasLongRun(s.buffer + text):
		return invalid("text", "text has a run of characters that is too long.")
	}
	if text == "" {
		return nil
	}
	request := s.requestLocked()
	s.server.Stream(request.index, func(st *engine.Stream) { st.Texts = append(st.Texts, text) })
	s.buffer += text
	s.unspoken += length
	s.speakEarlyLocked()
	return nil
}

// speakEarlyLocked has whole sentences spoken once there are enough.
// The docs say enough whole sentences, and not how many those are.
func (s *session) speakEarlyLocked() {
	if s.quirks.early == 0 {
		return
	}
	whole, rest := "", s.buffer
	for n := 0; ; n++ {
		sentence, more := engine.FirstSentence(rest)
		if sentence == "" {
			if n >= s.quirks.early {
				s.queue = append(s.queue, job{request: s.request, text: whole})
				s.buffer = rest
			}
			return
		}
		whole, rest = whole+sentence, more
	}
}

// requestLocked is the request that text is for now. Its number is that of the Flush which will end it.
func (s *session) requestLocked() *request {
	if s.request == nil {
		index := s.server.Begin(fmt.Sprintf("%s.%d", s.id, s.next))
		s.request = &request{number: s.next, index: index, fault: s.server.CurrentFault()}
	}
	return s.request
}

// hasLongRun reports whether a text has too many characters in a row to speak in one piece: letters without a space or a sign between
// them, or signs without a letter. LiveKit's plugin breaks up all that has no space.
func hasLongRun(text string) bool {
	letters, signs := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			letters, signs = 0, 0
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			letters, signs = letters+1, 0
		default:
			letters, signs = 0, signs+1
		}
		if letters >= maxRun || signs >= maxRun {
			return true
		}
	}
	return false
}

// flush concludes the request. A request of nothing is one too.
func (s *session) flush() {
	defer s.poke()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending || len(s.queue) >= maxJobs {
		return
	}
	request := s.requestLocked()
	s.server.Stream(request.index, func(st *engine.Stream) { st.Flushes++ })
	s.queue = append(s.queue, job{request: request, text: s.buffer, then: thenFlushDone})
	s.request, s.buffer = nil, ""
	s.next++
}

// cancel stops the request that is being spoken, and drops those that wait and the text that has no Flush. It takes a number too (SDK).
func (s *session) cancel() {
	defer s.poke()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return
	}
	s.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: s.id, At: time.Now()}) })
	var kept []job
	for _, item := range s.queue {
		if item.then == thenCancelled {
			kept = append(kept, job{then: thenCancelled})
		}
		s.cancelLocked(item.request)
	}
	s.cancelLocked(s.running)
	s.cancelLocked(s.request)
	s.queue = append(kept, job{then: thenCancelled})
	s.request, s.buffer, s.unspoken = nil, "", 0
	s.next++
	if s.halt != nil {
		s.halt()
	}
}

// terminate ends the session behind all that it has to say. Nothing more is taken.
func (s *session) terminate() {
	defer s.poke()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return
	}
	s.ending = true
	if strings.TrimSpace(s.buffer) != "" {
		item := job{request: s.request, text: s.buffer}
		if s.quirks.closesMarked {
			item.then = thenFlushDone
		}
		s.queue = append(s.queue, item)
	}
	s.queue = append(s.queue, job{request: s.request, then: thenTermination})
	s.request, s.buffer = nil, ""
}

// cancelLocked has nothing more come of a request.
func (s *session) cancelLocked(r *request) {
	if r != nil {
		r.cancelled = true
		s.finishLocked(r)
	}
}

// finishLocked ends a request in the stats.
func (s *session) finishLocked(r *request) {
	if r != nil && !r.over {
		r.over = true
		s.server.Finish(r.index)
	}
}

// drop forgets all that is not spoken. The speaker is over.
func (s *session) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range s.queue {
		s.finishLocked(item.request)
	}
	s.finishLocked(s.request)
	s.queue = nil
}

func (s *session) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *session) send(o engine.Object) {
	s.stir()
	engine.Send(s.socket, o)
}

// stir notes that a frame goes in either direction.
func (s *session) stir() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
}

// fail sends an Error and closes with its code. The reason is a fixed sentence (docs). The client may have gone.
func (s *session) fail(f failure) {
	s.send(f.object())
	_ = s.socket.Close(websocket.StatusCode(f.code), "See the Error message.")
}
