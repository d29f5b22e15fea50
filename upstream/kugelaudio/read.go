package kugelaudio

import (
	"voicerelay/upstream"
	"voicerelay/upstream/vendorsocket"
)

// Frame reads a frame from the vendor. Audio frames, nearly all there are, are scanned without a decoder.
func (d *dialect) Frame(m *vendorsocket.Mux, binary bool, data []byte) *upstream.Error {
	if p, ok := scanAudio(data); ok && !binary {
		if s, ok := m.Member(p.context).(*stream); ok {
			return s.audio(p)
		}
		return nil // late, of a context that is no more
	}
	f := &frame{}
	if err := upstream.DecodeFrame(binary, data, f); err != nil {
		return err
	}
	if f.ContextID == nil {
		return socketFrame(m, f)
	}
	return contextFrame(m, f)
}

// socketFrame handles a frame that names no context. Warnings, settings and greetings need nothing done.
func socketFrame(m *vendorsocket.Mux, f *frame) *upstream.Error {
	switch {
	case f.Error != nil || f.ErrorCode != nil:
		return frameError(f)
	case f.SessionClosed:
		return &upstream.Error{Kind: upstream.Dropped, Message: "the vendor closed the session"}
	case f.Audio != nil || f.WordTimestamps != nil || f.Final || f.ContextClosed:
		return upstream.GarbledError("the vendor sent a frame that names no context")
	case f.Interrupted:
		interruptOnly(m)
	}
	return nil
}

// interruptOnly takes a confirmation that names no context, as the reference shows it, for that of the one stream which
// waits for one. Where several do they can't be told apart, and wait for context_closed.
func interruptOnly(m *vendorsocket.Mux) {
	var waiting *stream
	for _, member := range m.Members() {
		s, ok := member.(*stream)
		if !ok || !s.stopping() {
			continue
		}
		if waiting != nil {
			return
		}
		waiting = s
	}
	if waiting != nil {
		waiting.interrupted()
	}
}

// contextFrame hands a frame to its stream.
func contextFrame(m *vendorsocket.Mux, f *frame) *upstream.Error {
	id := []byte(*f.ContextID)
	failed := f.Error != nil || f.ErrorCode != nil
	s, ok := m.Member(id).(*stream)
	if !ok {
		if failed || f.ContextClosed || f.ContextTimeout || f.Interrupted {
			m.Confirm(id)
		}
		return nil
	}
	switch {
	case failed:
		s.fail(frameError(f))
	case f.Audio != nil:
		return s.audio(f.packet())
	case f.WordTimestamps != nil:
		s.words(f.chunk(), f.WordTimestamps)
	case f.GenerationStarted:
		s.begin(f.chunk(), f.Text)
	case f.ChunkComplete:
		s.complete(f.chunk())
	case f.ContextClosed:
		s.contextClosed(f.Usage)
	case f.Final:
		s.final()
	case f.ContextTimeout:
		s.fail(&upstream.Error{Kind: upstream.Dropped, Message: "the vendor's context timed out"})
	case f.Interrupted:
		s.interrupted()
	}
	return nil
}
