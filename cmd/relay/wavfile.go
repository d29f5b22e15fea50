package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"voicerelay/audio"
)

// wavSink writes audio as a WAV file.
type wavSink struct {
	w    io.Writer // nil: nowhere
	file *os.File  // to be closed; nil: not ours
	size int64     // of the samples, in bytes
}

// openSink opens what `-o` names. Without a name a pipe gets the audio, and a terminal none.
func openSink(name string, stdout io.Writer) (*wavSink, error) {
	s := &wavSink{}
	switch {
	case name == "-", name == "" && !isTerminal(stdout):
		s.w = stdout
	case name == "":
		return s, nil
	default:
		f, err := os.Create(name)
		if err != nil {
			return nil, err
		}
		s.w, s.file = f, f
	}
	if _, err := s.w.Write(audio.WAVHeader(speechRate)); err != nil {
		return nil, errors.Join(fmt.Errorf("write audio: %w", err), s.close())
	}
	return s, nil
}

func (s *wavSink) write(samples []byte) error {
	if s.w == nil {
		return nil
	}
	s.size += int64(len(samples))
	if _, err := s.w.Write(samples); err != nil {
		return fmt.Errorf("write audio: %w", err)
	}
	return nil
}

// close finishes the file. A stream's header keeps its open end, a file gets its true sizes.
func (s *wavSink) close() error {
	if s.file == nil {
		return nil
	}
	const headerSize = 44
	patch := func(at, size int64) error {
		_, err := s.file.WriteAt(binary.LittleEndian.AppendUint32(nil, uint32(size)), at)
		return err
	}
	return errors.Join(patch(4, s.size+headerSize-8), patch(40, s.size), s.file.Close())
}
