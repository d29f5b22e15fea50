package codec

import "io"

// encoder compresses the samples that are written to it.
type encoder interface {
	io.Writer
	// Finish gives the rest.
	Finish() error
	// Close ends all that runs for it, and waits for that.
	Close()
}

// Stream compresses the samples of one stream. Its methods are called by one goroutine.
type Stream struct {
	// Static after Open.
	encoder encoder
	out     *output
	release func()

	closed bool
}

// Write takes samples, which may be cut anywhere. It waits for an encoder that is slow, but not for one that hangs.
func (s *Stream) Write(pcm []byte) (int, error) { return s.encoder.Write(pcm) }

// Finish returns when all that was written can be taken. It waits for an encoder that is slow, but not for one that hangs.
// Nothing may be written after it.
func (s *Stream) Finish() error { return s.encoder.Finish() }

// Take appends what is compressed and has not been taken to dst. Its error says that the encoder has failed, and nothing
// more will come.
func (s *Stream) Take(dst []byte) ([]byte, error) { return s.out.take(dst) }

// Came holds a token while there may be something to take, or the encoder has failed.
func (s *Stream) Came() <-chan struct{} { return s.out.came }

// Close ends the stream, whatever its state, and waits until nothing runs for it any more. It must be called; again it does
// nothing.
func (s *Stream) Close() {
	if s.closed {
		return
	}
	s.closed = true
	s.encoder.Close()
	s.release()
}
