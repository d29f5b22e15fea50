package emulator

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
)

// What a request costs, in millionths of a dollar. The vendor's prices are not known; these are the emulator's own.
const (
	upliftSecondMicros    = 500
	upliftCharacterMicros = 30
)

// upliftRequest is one synthesize message. One goroutine speaks it.
type upliftRequest struct {
	// Static after newUpliftRequest.
	session *upliftSession
	id      string
	text    string
	voice   string
	format  upliftFormat
	fault   Fault
	index   int // in the stats
	stop    context.CancelFunc

	// Owned by the speaker.
	samples  int64 // generated, at the native rate
	sequence int
	started  bool // audio_start has been sent
}

func newUpliftRequest(s *upliftSession, f upliftFrame, stop context.CancelFunc) *upliftRequest {
	r := &upliftRequest{
		session: s, id: f.RequestID, text: f.Text, voice: f.VoiceID, format: upliftFormats()[f.OutputFormat],
		fault: s.server.currentFault(), index: s.server.begin(f.RequestID), stop: stop,
	}
	s.server.stream(r.index, func(st *Stream) { st.Texts, st.Flushes = []string{f.Text}, 1 })
	return r
}

// run waits for a free voice and speaks the request.
func (r *upliftRequest) run(ctx context.Context) {
	select {
	case r.session.slots <- struct{}{}:
		defer func() { <-r.session.slots }()
	case <-ctx.Done():
		return
	}
	if r.broken(ctx) || ctx.Err() != nil {
		return
	}
	if !slices.Contains(upliftVoices(), r.voice) {
		r.ignore()
		return
	}
	if r.session.quirks.startsEarly {
		r.start()
	}
	if r.speak(ctx) && ctx.Err() == nil {
		r.start()
		r.session.send(object{"type": "audio_end", "requestId": r.id, "timestamp": r.session.timestamp()})
	}
}

// ignore is what becomes of a request for a voice that does not exist: no audio and no error.
func (r *upliftRequest) ignore() {
	if r.session.quirks.silence >= upliftOnlyStart {
		r.start()
	}
	if r.session.quirks.silence == upliftStartAndEnd {
		r.session.send(object{"type": "audio_end", "requestId": r.id, "timestamp": r.session.timestamp()})
	}
}

// start sends audio_start, once.
func (r *upliftRequest) start() {
	if r.started {
		return
	}
	r.started = true
	r.session.send(object{"type": "audio_start", "requestId": r.id, "timestamp": r.session.timestamp()})
}

// timestamp is the time of now in the unit that the seed has drawn.
func (s *upliftSession) timestamp() int64 {
	if s.quirks.millis {
		return time.Now().UnixMilli()
	}
	return time.Now().Unix()
}

// speak generates and sends the audio, and reports whether it came to its end.
func (r *upliftRequest) speak(ctx context.Context) (whole bool) {
	pcm := r.generate(ctx)
	delay := r.session.server.opts.FirstAudio
	if r.fault.Kind == Late {
		delay += r.fault.After
	}
	if !pause(ctx, delay) {
		return false
	}
	if r.session.quirks.billsCharacters {
		r.session.server.stream(r.index, func(s *Stream) {
			s.Charge = upliftCharacterMicros * int64(utf8.RuneCountInString(r.text))
		})
	}
	if len(pcm) == 0 {
		return true
	}
	raw, err := r.format.encode(pcm, r.session.quirks)
	if err != nil {
		r.session.fail("synthesis_failed", "", r.id)
		return false
	}
	r.start()
	return r.sendAudio(ctx, raw, audio.Duration(int64(len(pcm)), nativeRate))
}

// generate is the request's speech, spoiled where that is the fault.
func (r *upliftRequest) generate(ctx context.Context) []int16 {
	server := r.session.server
	pcm := server.say(ctx, r.text, true, server.opts.Seed+uint64(r.index), 1).PCM
	switch r.fault.Kind {
	case Empty:
		return nil
	case WrongLength:
		return cutShort(voice.Spoken{PCM: pcm}, r.fault).PCM
	}
	return pcm
}

// sendAudio sends a file of some length in frames, at the options' pace, and reports whether it came to its end.
// Frames that were under way when the request was canceled follow at once.
func (r *upliftRequest) sendAudio(ctx context.Context, raw []byte, length time.Duration) (whole bool) {
	p := pacer{began: time.Now(), pace: r.session.server.opts.Pace}
	if r.fault.Kind == Slow {
		p.pace = 0.5
	}
	size, late := r.frameSize(len(raw), length), r.session.quirks.lateFrames
	for sent := 0; sent < len(raw); {
		n := min(size, len(raw)-sent)
		if !p.wait(ctx, length*time.Duration(n)/time.Duration(len(raw))) {
			if late--; late < 0 || r.session.life.Err() != nil {
				return false
			}
		}
		r.sendFrame(raw[sent : sent+n])
		sent += n
		r.charge(audio.Samples(length, nativeRate) * int64(sent) / int64(len(raw)))
		if r.broken(ctx) {
			return false
		}
	}
	return ctx.Err() == nil
}

// frameSize is the bytes of a frame of a file. An odd number cuts samples in two.
func (r *upliftRequest) frameSize(bytes int, length time.Duration) int {
	size := max(4, int(int64(bytes)*int64(r.session.quirks.chunk)/max(1, int64(length)))) &^ 3
	if r.session.quirks.oddChunks || r.fault.Kind == OddChunks {
		size++
	}
	return size
}

func (r *upliftRequest) sendFrame(raw []byte) {
	r.session.send(object{"type": "audio", "requestId": r.id, "audio": toBase64(raw), "sequence": r.sequence})
	r.sequence++
	if r.session.quirks.sequenceGaps && r.sequence%3 == 2 {
		r.sequence++
	}
}

// charge counts all that has been generated so far.
func (r *upliftRequest) charge(samples int64) {
	r.samples = samples
	r.session.server.stream(r.index, func(s *Stream) {
		s.Audio = audio.Duration(samples, nativeRate)
		if !r.session.quirks.billsCharacters {
			s.Charge = samples * upliftSecondMicros / nativeRate
		}
	})
}

// broken plays the fault when its time has come, and reports whether that ended the request. This vendor never tells
// a charge, so NullCost changes nothing.
func (r *upliftRequest) broken(ctx context.Context) bool {
	if audio.Duration(r.samples, nativeRate) < r.fault.After {
		return false
	}
	life := r.session.life
	switch r.fault.Kind {
	case Stall:
		<-ctx.Done() // the client cancels the request, or leaves
	case Drop:
		r.session.line.drop(life)
	case CloseCode:
		r.session.line.close(life, r.fault.Code)
	case ErrorFrame:
		r.fail()
	case Garbage:
		r.session.line.garbage(life)
	default:
		return false
	}
	return true
}

// fail sends the fault's error.
func (r *upliftRequest) fail() {
	code, id := r.fault.Name, r.id
	if code == "" || code == (Fault{Kind: ErrorFrame}).withDefaults().Name {
		code = "synthesis_failed" // this vendor's word for it
	}
	if r.fault.Session {
		id = ""
	}
	r.session.fail(code, "", id)
}
