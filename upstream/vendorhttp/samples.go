package vendorhttp

import (
	"encoding/base64"
	"errors"
	"io"
	"math"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// Samples hands on the audio of an answer as it comes: bare samples of Format or, where it begins like one, a WAV file, whose
// header tells the format. Takes and End are called by one goroutine.
type Samples struct {
	// Out gets the frames.
	Out *Answer
	// Format is that of bare samples. The zero value: there must be a WAV file.
	Format audio.Format

	found bool         // what comes is samples
	of    audio.Format // theirs
	held  []byte       // may be a header, or the beginning of one
	left  int64        // bytes of samples to come; what follows them is other parts of the file
}

const (
	// riff is what a WAV file begins with.
	riff = "RIFF"
	// maxWAVHeader is the longest header of a file in bytes: those with descriptions of their recordings have a few hundred.
	maxWAVHeader = 16 << 10
)

// notBare are beginnings of what servers send in the place of the samples that they were asked for: compressed audio.
var notBare = []string{"ID3\x03", "ID3\x04", "OggS", "fLaC"}

// Take takes the next bytes.
func (s *Samples) Take(data []byte) *upstream.Error {
	if s.found {
		s.pass(data)
		return nil
	}
	s.held = append(s.held, data...)
	if len(s.held) < len(riff) {
		return nil
	}
	return s.decide()
}

// TakeBase64 takes the next bytes as base64, which goes on as it is where the samples are bare.
func (s *Samples) TakeBase64(data []byte) *upstream.Error {
	if !s.found && len(s.held) == 0 && s.Format != (audio.Format{}) && bareBase64(data) {
		s.begin(s.Format, math.MaxInt64)
	}
	if s.found && s.left == math.MaxInt64 {
		s.Out.Audio(upstream.Frame{Format: s.of, Base64: data})
		return nil
	}
	raw, err := base64.StdEncoding.AppendDecode(nil, data)
	if err != nil {
		return upstream.GarbledError("the vendor's audio is not base64")
	}
	return s.Take(raw)
}

// bareBase64 reports whether base64 is long enough to tell what it is, and is neither the beginning of a WAV file nor
// compressed.
func bareBase64(data []byte) bool {
	const enough = 8
	var head [enough / 4 * 3]byte
	if len(data) < enough {
		return false
	}
	n, err := base64.StdEncoding.Decode(head[:], data[:enough])
	return err == nil && n >= len(riff) && string(head[:len(riff)]) != riff && !compressed(head[:])
}

// End tells that there is no more. What is too short to be a header is samples.
func (s *Samples) End() *upstream.Error {
	switch {
	case s.found || len(s.held) == 0:
		return nil
	case s.Format == (audio.Format{}), len(s.held) >= len(riff):
		return upstream.GarbledError("the vendor's audio ends within its header")
	}
	held := s.held
	s.begin(s.Format, math.MaxInt64)
	s.pass(held)
	return nil
}

// decide finds out what the bytes are that are held.
func (s *Samples) decide() *upstream.Error {
	held := s.held
	if string(held[:len(riff)]) != riff {
		if s.Format == (audio.Format{}) || compressed(held) {
			return upstream.GarbledError("the vendor's audio is neither samples nor a WAV file")
		}
		s.begin(s.Format, math.MaxInt64)
		s.pass(held)
		return nil
	}
	format, behind, size, err := audio.CutWAVHeader(held)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && len(held) <= maxWAVHeader:
		return nil // more of it is to come
	case err != nil || format.Validate() != nil:
		return upstream.GarbledError("the vendor's audio is no WAV file of mono samples at a rate that can be used")
	}
	s.begin(format, size)
	s.pass(behind)
	return nil
}

func compressed(data []byte) bool {
	for _, beginning := range notBare {
		if string(data[:len(beginning)]) == beginning {
			return true
		}
	}
	return false
}

// begin notes that samples follow.
func (s *Samples) begin(format audio.Format, size int64) {
	s.found, s.of, s.left, s.held = true, format, size, nil
}

// pass hands samples on.
func (s *Samples) pass(data []byte) {
	if s.left < math.MaxInt64 {
		data = data[:min(int64(len(data)), s.left)]
		s.left -= int64(len(data))
	}
	if len(data) > 0 {
		s.Out.Audio(upstream.Frame{Format: s.of, Raw: data})
	}
}

// Play reads the whole body.
func (s *Samples) Play() *upstream.Error {
	for {
		data, fault := s.Out.next()
		if fault != nil {
			return fault
		}
		if data == nil {
			return s.End()
		}
		if fault := s.Take(data); fault != nil {
			return fault
		}
	}
}
