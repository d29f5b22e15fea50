package uplift

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// What a request costs, in millionths of a dollar. The vendor's prices are not known; these are the emulator's own. Whether
// characters or seconds are billed is not known either. No message tells a charge.
const (
	secondMicros    = 500
	characterMicros = 30
)

// frame is any message from a client. Unknown fields are ignored.
// No message sets a voice or a format for the session. phraseReplacementConfigId, which plugins send, is ignored.
type frame struct {
	RequestID    string `json:"requestId"`
	Text         string `json:"text"`
	VoiceID      string `json:"voiceId"`
	OutputFormat string `json:"outputFormat"`
}

// request is one synthesize message. One goroutine speaks it.
// A request has its whole text: there is no way to add to it, and no flush.
type request struct {
	// Static after newRequest.
	session *line
	id      string
	text    string
	voice   string
	format  format
	fault   engine.Fault
	index   int // in the stats
	stop    context.CancelFunc

	// Owned by the speaker.
	samples  int64 // generated, at the native rate
	sequence int
	started  bool // audio_start has been sent
}

func newRequest(s *line, f frame, stop context.CancelFunc) *request {
	r := &request{
		session: s, id: f.RequestID, text: f.Text, voice: f.VoiceID, format: formats()[f.OutputFormat],
		fault: s.server.CurrentFault(), index: s.server.Begin(f.RequestID), stop: stop,
	}
	s.server.Stream(r.index, func(st *engine.Stream) { st.Texts, st.Flushes = []string{f.Text}, 1 })
	return r
}

// run waits for a free voice and speaks the request.
// The vendor speaks requests of a connection side by side, and their chunks come mixed: so says its service for Pipecat. How
// many at once is not documented, so that is drawn.
func (r *request) run(ctx context.Context) {
	select {
	case r.session.slots <- struct{}{}:
		defer func() { <-r.session.slots }()
	case <-ctx.Done():
		return
	}
	if r.broken(ctx) || ctx.Err() != nil {
		return
	}
	if !slices.Contains(voices(), r.voice) {
		r.ignore()
		return
	}
	if r.session.quirks.startsEarly {
		r.start()
	}
	if r.speak(ctx) && ctx.Err() == nil {
		r.start()
		r.session.send(engine.Object{"type": "audio_end", "requestId": r.id, "timestamp": r.session.timestamp()})
	}
}

// ignore is what becomes of a request for a voice that does not exist: no audio and no error.
// A client that tried it against the service got ready and nothing after it; the REST call answers 400 to the same. So clients
// need a watchdog for the first audio.
func (r *request) ignore() {
	if r.session.quirks.silence >= onlyStart {
		r.start()
	}
	if r.session.quirks.silence == startAndEnd {
		r.session.send(engine.Object{"type": "audio_end", "requestId": r.id, "timestamp": r.session.timestamp()})
	}
}

// start sends audio_start, once.
func (r *request) start() {
	if r.started {
		return
	}
	r.started = true
	r.session.send(engine.Object{"type": "audio_start", "requestId": r.id, "timestamp": r.session.timestamp()})
}

// speak generates and sends the audio, and reports whether it came to its end.
func (r *request) speak(ctx context.Context) (whole bool) {
	pcm := r.generate(ctx)
	delay := r.session.server.Options().FirstAudio
	if r.fault.Kind == engine.Late {
		delay += r.fault.After
	}
	if !engine.Pause(ctx, delay) {
		return false
	}
	if r.session.quirks.billsCharacters {
		r.session.server.Stream(r.index, func(s *engine.Stream) {
			s.Charge = characterMicros * int64(utf8.RuneCountInString(r.text))
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
	return r.sendAudio(ctx, raw, audio.Duration(int64(len(pcm)), engine.NativeRate))
}

// generate is the request's speech, spoiled where that is the fault.
func (r *request) generate(ctx context.Context) []int16 {
	server := r.session.server
	pcm := server.Say(ctx, r.text, true, server.Options().Seed+uint64(r.index), 1).PCM
	switch r.fault.Kind {
	case engine.Empty:
		return nil
	case engine.WrongLength:
		return engine.CutShort(voice.Spoken{PCM: pcm}, r.fault).PCM
	}
	return pcm
}

// sendAudio sends a file of some length in frames, at the options' pace, and reports whether it came to its end.
// Frames that were under way when the request was canceled follow at once.
// The page has no answer to a cancel, and the vendor's service for Pipecat relies on no audio_end after it.
func (r *request) sendAudio(ctx context.Context, raw []byte, length time.Duration) (whole bool) {
	p := engine.Pacer{Began: time.Now(), Pace: r.session.server.Options().Pace}
	if r.fault.Kind == engine.Slow {
		p.Pace = 0.5
	}
	size, late := r.frameSize(len(raw), length), r.session.quirks.lateFrames
	for sent := 0; sent < len(raw); {
		n := min(size, len(raw)-sent)
		if !p.Wait(ctx, length*time.Duration(n)/time.Duration(len(raw))) {
			if late--; late < 0 || r.session.life.Err() != nil {
				return false
			}
		}
		r.sendFrame(raw[sent : sent+n])
		sent += n
		r.charge(audio.Samples(length, engine.NativeRate) * int64(sent) / int64(len(raw)))
		if r.broken(ctx) {
			return false
		}
	}
	return ctx.Err() == nil
}

// frameSize is the bytes of a frame of a file. An odd number cuts samples in two.
// Sizes are not documented.
func (r *request) frameSize(bytes int, length time.Duration) int {
	size := max(4, int(int64(bytes)*int64(r.session.quirks.chunk)/max(1, int64(length)))) &^ 3
	if r.session.quirks.oddChunks || r.fault.Kind == engine.OddChunks {
		size++
	}
	return size
}

// sendFrame sends audio. sequence counts from 0 within a request. Whether numbers can be missing is not documented.
func (r *request) sendFrame(raw []byte) {
	r.session.send(engine.Object{"type": "audio", "requestId": r.id, "audio": engine.ToBase64(raw), "sequence": r.sequence})
	r.sequence++
	if r.session.quirks.sequenceGaps && r.sequence%3 == 2 {
		r.sequence++
	}
}

// charge counts all that has been generated so far.
func (r *request) charge(samples int64) {
	r.samples = samples
	r.session.server.Stream(r.index, func(s *engine.Stream) {
		s.Audio = audio.Duration(samples, engine.NativeRate)
		if !r.session.quirks.billsCharacters {
			s.Charge = samples * secondMicros / engine.NativeRate
		}
	})
}

// broken plays the fault when its time has come, and reports whether that ended the request. This vendor never tells
// a charge, so NullCost changes nothing.
func (r *request) broken(ctx context.Context) bool {
	if audio.Duration(r.samples, engine.NativeRate) < r.fault.After {
		return false
	}
	life := r.session.life
	switch r.fault.Kind {
	case engine.Stall:
		<-ctx.Done() // the client cancels the request, or leaves
	case engine.Drop:
		r.session.transport.drop(life)
	case engine.CloseCode:
		r.session.transport.close(life, r.fault.Code)
	case engine.ErrorFrame:
		r.fail()
	case engine.Garbage:
		r.session.transport.garbage(life)
	default:
		return false
	}
	return true
}

// fail sends the fault's error.
func (r *request) fail() {
	code, id := r.fault.Name, r.id
	if code == "" || code == (engine.Fault{Kind: engine.ErrorFrame}).WithDefaults().Name {
		code = "synthesis_failed" // this vendor's word for it
	}
	if r.fault.Session {
		id = ""
	}
	r.session.fail(code, "", id)
}
