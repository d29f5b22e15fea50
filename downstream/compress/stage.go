package compress

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/audio/codec"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// Stage compresses the audio of one generation. A nil one changes nothing.
type Stage struct {
	// Static after Open and attach.
	stream *codec.Stream
	cancel context.CancelFunc // kills the encoder
	rate   int
	wakeup chan struct{} // holds one token while there may be something to do
	g      *relay.Generation
	lane   *delivery.Lane

	// Owned by run.
	seq      uint32
	sent     int64               // samples in messages
	fed      int64               // samples given to the encoder since the last message
	queued   time.Time           // when the first of them could have been sent
	data     []byte              // that no message has yet
	held     []*delivery.Message // that come after audio which the encoder still has
	finished bool                // the encoder is given nothing more
}

// Check refuses a compressed format that there is no encoder of.
func Check(codecs *codec.Set, f audio.Format, kbps int) *protocol.Error {
	if !f.Compressed() {
		return nil
	}
	return refusal(codecs.Check(codec.Format{Format: f, Kbps: kbps}))
}

// Open has an encoder for what was prepared, or says why there is none; nil without an error: none is needed. It must be closed
// unless it is run.
func Open(ctx context.Context, codecs *codec.Set, p *relay.Prepared) (*Stage, *protocol.Error) {
	f, kbps, ok := p.Compressed()
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the generation's own context ends it
	stream, err := codecs.Open(ctx, codec.Format{Format: f, Kbps: kbps})
	if err != nil {
		cancel()
		return nil, refusal(err)
	}
	return &Stage{stream: stream, cancel: cancel, rate: f.Rate, wakeup: make(chan struct{}, 1)}, nil
}

// refusal is why there is no encoder, as clients see it; nil for nil.
func refusal(err error) *protocol.Error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, codec.ErrBusy):
		return &protocol.Error{Code: protocol.CodeTooManyGenerations, Param: "output.encoding", Message: err.Error()}
	default:
		return &protocol.Error{Code: protocol.CodeUnsupportedFormat, Param: "output.encoding", Message: err.Error()}
	}
}

// Attach has the stage take a generation's messages. It is called before that runs.
func (s *Stage) Attach(g *relay.Generation) {
	if s != nil {
		s.g, s.lane = g, g.AddStage(s.wake)
	}
}

// Close kills the encoder of a generation that is not to run.
func (s *Stage) Close() {
	if s != nil {
		s.cancel()
		s.stream.Close()
	}
}

// Run runs the generation under its own context, and returns when that is over and all of it was queued.
func (s *Stage) Run(ctx context.Context, generation func(context.Context)) {
	if s == nil {
		generation(ctx)
		return
	}
	stop := context.AfterFunc(ctx, func() {
		var cause *relay.StopCause
		if errors.As(context.Cause(ctx), &cause) { // else it has run to its end
			s.cancel()
		}
	})
	defer stop()
	over := make(chan struct{})
	go func() { // the wait below is for it
		defer close(over)
		s.run()
	}()
	generation(ctx)
	<-over
}

// wake has the stage look.
func (s *Stage) wake() {
	select {
	case s.wakeup <- struct{}{}:
	default:
	}
}

// run takes messages until there are no more.
func (s *Stage) run() {
	defer s.Close()
	for {
		m, over := s.lane.TakeStaged()
		switch {
		case over:
			return
		case m != nil:
			s.surely(func() { s.pass(m) })
			continue
		}
		select {
		case <-s.wakeup:
		case <-s.stream.Came():
			s.surely(s.collect)
		}
	}
}

// surely has a fault of ours, or of an encoder's, end this generation alone.
func (s *Stage) surely(step func()) {
	defer func() {
		if fault := recover(); fault != nil {
			s.fail(fmt.Errorf("panic: %v", fault))
		}
	}()
	step()
}

// pass gives a message on: audio to the encoder, all else to the client.
func (s *Stage) pass(m *delivery.Message) {
	switch {
	case m.Rest:
		m.Release()
		s.finish()
	case m.Last:
		s.stream.Close() // before the client hears of the end, since it may ask for the next generation then
		s.release()
		s.lane.PushStaged(m)
	case m.Samples > 0:
		s.compress(m)
	default:
		s.held = append(s.held, m)
		if s.collect(); s.fed == 0 {
			s.release()
		}
	}
}

// compress gives samples to the encoder.
func (s *Stage) compress(m *delivery.Message) {
	defer m.Release()
	if s.finished {
		return
	}
	if s.fed == 0 {
		s.queued = m.Queued
	}
	s.fed += m.Samples
	if _, err := s.stream.Write(m.Body()); err != nil {
		s.fail(err)
		return
	}
	s.collect()
}

// collect sends what the encoder has given. What comes before any audio, such as a header, waits for that.
func (s *Stage) collect() {
	var err error
	if s.data, err = s.stream.Take(s.data); err != nil && !s.finished {
		s.fail(err)
		return
	}
	if len(s.data) > 0 && s.sent+s.fed > 0 {
		s.send()
	}
}

// send sends what there is as a message.
func (s *Stage) send() {
	m := s.g.CompressedMessage(relay.Frame{Seq: s.seq, Start: audio.Duration(s.sent, s.rate), Samples: s.fed}, s.data)
	m.Queued = s.queued
	s.lane.PushStaged(m)
	s.seq++
	s.sent, s.fed, s.data = s.sent+s.fed, 0, s.data[:0]
	s.release()
}

// release sends the messages that were held: the audio before them has been sent.
func (s *Stage) release() {
	for _, m := range s.held {
		s.lane.PushStaged(m)
	}
	s.held = s.held[:0]
}

// finish sends the rest of the stream.
func (s *Stage) finish() {
	s.finished = true
	if err := s.stream.Finish(); err != nil {
		s.fail(err) // what it has given at last is of no use
		return
	}
	if s.collect(); s.fed > 0 {
		s.send()
	}
}

// fail ends the generation: its audio can't be compressed.
func (s *Stage) fail(err error) {
	s.finished = true
	s.g.FailCompressing(err)
}
