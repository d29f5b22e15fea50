package command

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/upstream"
)

// queued is how many pieces may wait. The relay sends one ahead; more than this is its fault.
const queued = 16

// stream is one attempt.
type stream struct {
	// Static after Open.
	runner *runner
	awake  *awake.Clock
	sink   upstream.Sink
	voice  string
	pieces chan upstream.Piece
	stop   context.CancelCauseFunc // ends run and its program
	over   chan struct{}           // closed when run has ended

	// Owned by the caller of Speak and Close.
	last, closed bool

	// Owned by run.
	spoke bool // there has been audio

	// Guarded by mu. The sink is run's but while run waits for other programs to end.
	mu      sync.Mutex
	ahead   int  // pieces given that run has not taken
	waiting bool // run waits for other programs to end
}

// Speak queues a piece.
func (s *stream) Speak(ctx context.Context, p upstream.Piece) error {
	if s.last || s.closed {
		return &upstream.Error{Kind: upstream.Rejected, Message: "a piece after the last"}
	}
	select {
	case <-s.over:
		return &upstream.Error{Kind: upstream.Dropped, Message: "the stream has ended"}
	default:
	}
	s.count(1)
	select {
	case s.pieces <- p:
		s.last = p.Last
		return nil
	case <-s.over:
		return &upstream.Error{Kind: upstream.Dropped, Message: "the stream has ended"}
	case <-ctx.Done():
		return &upstream.Error{Kind: upstream.Canceled, Message: "cancelled while waiting to send", Err: context.Cause(ctx)}
	}
}

// count notes that pieces wait to be taken by run. While run itself waits no program has the order for any of them.
func (s *stream) count(more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += more
	if s.waiting {
		s.sink.Withheld(s.ahead + 1)
	}
}

// wait notes whether run waits for other programs to end, before one may speak its piece.
func (s *stream) wait(waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = waiting
	if waiting {
		s.sink.Withheld(s.ahead + 1)
		return
	}
	s.sink.Withheld(0)
}

// Close kills the program, if one runs, and waits for the stream's end, which a killed program can put off by no more
// than killPatience.
func (s *stream) Close(_ context.Context, cause error) error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.stop(upstream.CloseCause(cause))
	<-s.over
	return nil
}

// run speaks to the end, and tells it.
func (s *stream) run(ctx context.Context) {
	defer close(s.over)
	s.sink.End(upstream.Usage{}, s.speakAll(ctx))
}

// speakAll speaks the pieces as they come. Its error is what the stream ends with.
func (s *stream) speakAll(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case p := <-s.pieces:
			s.count(-1)
			err := s.speak(ctx, p.Text)
			if ctx.Err() != nil {
				return context.Cause(ctx) // whatever else went wrong came of that
			}
			if err != nil {
				return err
			}
			s.sink.PieceEnd(p.ID)
			if p.Last {
				return nil
			}
		}
	}
}

// speak has the program speak a text. Its error is an *upstream.Error, unless ctx has ended.
func (s *stream) speak(ctx context.Context, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil // the end of a text that has been spoken
	}
	ctx, cancel := s.awake.WithTimeout(ctx, s.runner.cfg.Timeout)
	defer cancel()
	if err := s.runner.enter(ctx, s.wait); err != nil {
		return err
	}
	prog, err := s.runner.start(ctx, s.voice, text)
	if err != nil {
		return err
	}
	defer prog.Out.Close()
	heard, err := s.play(prog.Out)
	if err != nil {
		cancel()          // nothing that it could still say is wanted
		_ = prog.End(ctx) // killed by us
		return err
	}
	ended := prog.End(ctx)
	switch {
	case ended != nil && ctx.Err() != nil && s.spoke:
		return slow.Error("")
	case ended != nil && ctx.Err() != nil:
		return late.Error("")
	case ended != nil:
		return exitError(ended)
	case heard == 0:
		return silent.Error("")
	}
	return nil
}

// play hands a program's output on as it comes, and reports how many bytes of samples there were. An output that ends
// early is no error here: how the program ended says more.
func (s *stream) play(out io.Reader) (heard int, err error) {
	bounded := &boundedReader{r: out, left: s.runner.cfg.MaxOutputBytes}
	format, samples, err := s.runner.cfg.Output.open(bounded)
	if err == nil {
		heard, err = s.hand(format, samples)
	}
	if err == nil {
		// Behind the samples there may be more of the file, and a program that can't write it fails.
		_, err = io.Copy(io.Discard, bounded)
	}
	return heard, outputError(err)
}

// hand gives the sink all samples, in frames of whole ones: half a sample at the end of a piece would put the next piece
// out of step.
func (s *stream) hand(format audio.Format, samples io.Reader) (heard int, err error) {
	buf, kept := make([]byte, chunk), 0
	for {
		n, err := samples.Read(buf[kept:])
		kept += n
		if whole := kept - kept%format.BytesPerSample(); whole > 0 {
			s.spoke = true
			s.sink.Audio(upstream.Frame{Format: format, Raw: buf[:whole]})
			heard += whole
			kept = copy(buf, buf[whole:kept])
		}
		if errors.Is(err, io.EOF) {
			return heard, nil
		}
		if err != nil {
			return heard, err
		}
	}
}
