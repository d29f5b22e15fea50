package command

import (
	"errors"
	"io"
	"os"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// chunk is how many bytes of audio make a frame at most: 93 ms of espeak-ng's.
const chunk = 4096

// errTooMuch ends the reading of an output that is too long.
var errTooMuch = errors.New("the program's output is too long")

// open is the format of an output, and a reader of its samples alone.
func (o Output) open(out io.Reader) (audio.Format, io.Reader, error) {
	if o.Encoding != audio.WAV {
		return o.format(), out, nil
	}
	format, samples, err := audio.WAVSamples(out)
	if err != nil {
		return audio.Format{}, nil, err
	}
	if format.Validate() != nil {
		return audio.Format{}, nil, oddRate.Error("")
	}
	return format, samples, nil
}

// outputError says what an error in reading means. The deadline is that of a program which has ended.
func outputError(err error) error {
	var told *upstream.Error
	switch {
	case err == nil, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case errors.As(err, &told):
		return told
	case errors.Is(err, errTooMuch):
		return tooMuch.Error("")
	case errors.Is(err, audio.ErrNotWAV):
		return notAudio.Error("")
	}
	return &upstream.Error{Kind: unread.Kind, Message: unread.Message, Err: err}
}

// boundedReader fails where r has more than so many bytes.
type boundedReader struct {
	r    io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1] // the byte too many tells
	}
	n, err := b.r.Read(p)
	if n > b.left {
		n, err = b.left, errTooMuch
	}
	b.left -= n
	return n, err
}
