package engine

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
)

// Sender sends what a stream says: in chunks, at the options' pace, up to the stream's fault, and on the stream's account.
// It belongs to the goroutine that speaks, and after its end to the one that waited for it.
type Sender struct {
	// Static before the first text.
	Server *Server
	Socket *websocket.Conn
	Index  int // of the stream in the stats
	Fault  Fault
	Chunk  time.Duration // audio of a chunk
	Odd    bool          // chunks end in the middle of a sample
	// Send sends a chunk in the vendor's words. Bytes are valid during the call only.
	Send func(raw []byte)
	// Fail tells the error that the fault asks for.
	Fail func(f Fault)
	// Closes has the closes that faults ask for, for someone to wait for.
	Closes *sync.WaitGroup

	samples int64 // generated, at the native rate
	spoke   bool
	rest    []byte // encoded, and not sent yet
	size    int    // of a chunk, in bytes
	pacer   Pacer
}

// Sent is the audio that has been generated in all.
func (s *Sender) Sent() time.Duration { return audio.Duration(s.samples, NativeRate) }

// Say is a text in the options' voice, spoiled where that is the fault, once its first audio is due. It reports false where ctx
// ends before.
func (s *Sender) Say(ctx context.Context, text string, speed float64) (voice.Spoken, bool) {
	return s.Await(ctx, s.Server.Say(ctx, text, true, s.Server.Options().Seed+uint64(s.samples), speed))
}

// Await is Say for speech that a vendor has put together by itself.
func (s *Sender) Await(ctx context.Context, spoken voice.Spoken) (voice.Spoken, bool) {
	switch s.Fault.Kind {
	case Empty:
		spoken = voice.Spoken{}
	case WrongLength:
		spoken = CutShort(spoken, s.Fault)
	}
	delay := s.Server.Options().FirstAudio
	if s.Fault.Kind == Late && !s.spoke {
		delay += s.Fault.After
	}
	s.spoke = true
	return spoken, Pause(ctx, delay)
}

// Play sends speech that is encoded as raw, and reports whether all of it went out. A sample has unit bytes; 0: the format has
// no samples of its own. After each chunk, sent is told how much of the speech is out; it may be nil.
func (s *Sender) Play(ctx context.Context, pcm []int16, raw []byte, unit int, sent func(of time.Duration)) (ok bool) {
	s.begin(pcm, raw, unit)
	start, total := s.samples, int64(len(pcm))
	if len(raw) == 0 { // an encoder keeps what does not fill a frame
		s.generated(start + total)
	}
	for s.rest = raw; len(s.rest) > 0; {
		n := min(s.size, len(s.rest))
		if !s.pacer.Wait(ctx, audio.Duration(total*int64(n)/int64(len(raw)), NativeRate)) {
			return false
		}
		s.Send(s.rest[:n])
		s.rest = s.rest[n:]
		s.generated(start + total*int64(len(raw)-len(s.rest))/int64(len(raw)))
		if sent != nil {
			sent(audio.Duration(s.samples-start, NativeRate))
		}
		if s.Broken(ctx) {
			return false
		}
	}
	return ctx.Err() == nil
}

// begin sets the pace and the size of chunks.
func (s *Sender) begin(pcm []int16, raw []byte, unit int) {
	s.pacer.Pace = s.Server.Options().Pace
	if s.Fault.Kind == Slow {
		s.pacer.Pace = 0.5
	}
	s.pacer.Resume()
	unit = max(1, unit)
	size := int(int64(len(raw)) * audio.Samples(s.Chunk, NativeRate) / max(1, int64(len(pcm))))
	s.size = max(unit, size-size%unit)
	if s.Odd || s.Fault.Kind == OddChunks {
		s.size++
	}
}

// generated notes that so many samples have been generated in all. They are charged, whether or not anybody reads them.
func (s *Sender) generated(samples int64) {
	s.samples = samples
	s.Server.Stream(s.Index, func(st *Stream) { st.Audio = audio.Duration(samples, NativeRate) })
}

// Charge adds to the stream's account, in millionths of a currency unit.
func (s *Sender) Charge(micros int64) {
	s.Server.Stream(s.Index, func(st *Stream) { st.Charge += micros })
}

// SendLate sends chunks of what was under way when the stream was stopped.
func (s *Sender) SendLate(chunks int) {
	for range chunks {
		n := min(s.size, len(s.rest))
		if n == 0 {
			break
		}
		s.Send(s.rest[:n])
		s.rest = s.rest[n:]
	}
	s.rest = nil
}

// Broken plays the fault when its time has come. It reports whether the stream is over, by that or by ctx.
func (s *Sender) Broken(ctx context.Context) bool {
	if s.Sent() < s.Fault.After {
		return ctx.Err() != nil
	}
	switch s.Fault.Kind {
	case Stall:
		<-ctx.Done() // the client stops it, or leaves
	case Drop:
		_ = s.Socket.CloseNow() // that is the fault
	case CloseCode:
		code := websocket.StatusCode(s.Fault.Code)
		s.Closes.Go(func() { _ = s.Socket.Close(code, "") }) // that is the fault
	case ErrorFrame:
		s.Fail(s.Fault)
	case Garbage:
		SendGarbage(s.Socket)
	default:
		return ctx.Err() != nil
	}
	return true
}
