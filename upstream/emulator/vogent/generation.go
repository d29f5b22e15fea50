package vogent

import (
	"context"
	"errors"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// generation is one generation. The connection's reader gives it text, and its own goroutine speaks.
type generation struct {
	// Static after begin.
	conn    *line
	id      string
	context string // contextId, or empty
	rate    int    // hertz
	times   bool   // word times are wanted
	fault   engine.Fault
	index   int // in the stats
	stop    context.CancelCauseFunc
	over    chan struct{} // closed when the next of the context may look ahead
	wake    chan struct{} // holds one token while there may be something to do

	mu     sync.Mutex // guards what follows
	buffer string     // text that is not spoken yet
	length int        // characters so far
	final  bool       // the last piece has come
	heard  time.Time  // of the client's last word, or the end of the vendor's

	// Owned by the speaker until over is closed, static from then on.
	before     *generation // whose end is waited for; nil: its turn has come
	spoken     bool        // something has been spoken
	samples    int64       // generated, at the native rate
	characters int64       // charged
	pacer      engine.Pacer
}

// Why a generation stops.
var (
	errCanceled = errors.New("generation canceled")
	errBroken   = errors.New("a fault has ended the generation") // by its own means
)

// failure stops a generation with an error of this text.
type failure string

// Error implements error.
func (f failure) Error() string { return string(f) }

// newGeneration is a generation with what its first message fixes.
// Voice, rate and times of later messages are ignored: the quickstart gives the rate in its first message only. What the
// vendor makes of different ones is not documented.
func newGeneration(c *line, m message) *generation {
	g := &generation{
		conn: c, id: m.GenerationID, context: m.ContextID, times: m.Timestamps, fault: c.server.CurrentFault(),
		rate: m.SampleRate, over: make(chan struct{}), wake: make(chan struct{}, 1), pacer: engine.Pacer{Pace: c.server.Options().Pace},
	}
	if g.rate == 0 {
		g.rate = c.quirks.defaultRate
	}
	if g.fault.Kind == engine.Slow {
		g.pacer.Pace = 0.5
	}
	return g
}

// take adds a piece. What comes after the last one, or after too much, is ignored. Only called by the reader.
// Pieces are joined as they come: the quickstart's second one begins with a space.
func (g *generation) take(m message) {
	text := m.text()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.final || g.length > maxText {
		return
	}
	g.conn.server.Stream(g.index, func(s *engine.Stream) { notePiece(s, text, m.FinalText) })
	g.length += utf8.RuneCountInString(text)
	switch {
	case g.length > maxText:
		g.stop(failure(tooLong))
	case m.FinalText && text == "" && !g.conn.quirks.emptyFinal:
		g.stop(failure(noText))
	}
	g.buffer += text
	g.final = m.FinalText
	g.heard = time.Now()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// notePiece counts a piece of a stream.
func notePiece(s *engine.Stream, text string, final bool) {
	switch {
	case text != "":
		s.Texts = append(s.Texts, text)
	case !final:
		s.KeepAlives++
	}
	if final {
		s.Flushes++
	}
}

// awaitTurn waits for the generations before it in its context: where one ended before its turn, for the one before
// that. It reports false where ctx ends before.
// A context shares what was said before with the next generation, and keeps to one socket (API reference). Whether its
// generations are spoken in turn is not documented.
func (g *generation) awaitTurn(ctx context.Context) bool {
	for g.before != nil {
		select {
		case <-ctx.Done():
			return false
		case <-g.before.over:
			g.before = g.before.before
		}
	}
	return ctx.Err() == nil
}

// passed reports whether the generation has passed its turn.
func (g *generation) passed() bool {
	select {
	case <-g.over:
		return true
	default:
		return false
	}
}

// next is what can be spoken now, and whether nothing follows it.
func (g *generation) next() (text string, last bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.final {
		text, g.buffer = g.buffer, ""
		return text, true
	}
	if g.conn.quirks.early {
		text, g.buffer = engine.FirstSentence(g.buffer)
	}
	return text, false
}

// touch counts the client's silence from now on.
func (g *generation) touch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard = time.Now()
}

// await waits for a piece, and fails the generation where the vendor gives up.
// By the reference only the last piece leads to "finished". That a vendor gives up at all is an assumption.
func (g *generation) await(ctx context.Context) {
	idle := g.conn.server.Options().Inactivity
	if idle == 0 && g.conn.quirks.givesUp {
		idle = idleTimeout
	}
	var lapse <-chan time.Time // nil: the vendor waits for ever
	if idle > 0 {
		g.mu.Lock()
		timer := time.NewTimer(time.Until(g.heard.Add(idle)))
		g.mu.Unlock()
		defer timer.Stop()
		lapse = timer.C
	}
	select {
	case <-ctx.Done():
	case <-g.wake:
	case <-lapse:
		g.stop(failure("timed out waiting for text"))
	}
}
