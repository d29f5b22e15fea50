package openai

import (
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// quirks is what the servers of this shape do in different ways, as the seed has drawn it.
type quirks struct {
	errors       string // how an error's body looks: an envelope, or FastAPI's detail, as a string or an object
	wrongModel   int    // HTTP status for a model that there is not; 200: any name will do
	wrongVoice   int    // the same for a voice
	voiceObjects bool   // voice may be an object with an id
	strict       bool   // fields that are not known are refused
	instructions string // what becomes of instructions: followed (nothing to hear), ignored or refused
	streamFormat string // what becomes of stream_format: served, ignored or refused
	fixedSpeed   bool   // speed is ignored
	onlyWAV      bool   // response_format is ignored

	pcmType  string // the type that a body of samples is declared to have
	wavType  string // the same of a WAV file, which may be a lie
	wavRate  int    // hertz
	wavSize  uint32 // of a WAV file's samples, as its header has it; 1: the true one, so that the body is held
	wavExtra bool   // another chunk stands before the samples

	buffered bool // a body is held until it is whole, unless the request has stream
	waits    bool // the status waits for the first audio
	cutClean bool // a failure in mid-speech looks like the body's end
	lingers  bool // a sentence is finished though its client has left
	serial   bool // requests are served one after the other
	closes   bool // each answer ends its connection
	lists    bool // models and voices can be listed

	sseField string // of an event with audio: audio or delta
	sseNames bool   // events have a name besides their type
	sseDone  bool   // [DONE] is behind the last event
	sseError bool   // a failure in mid-speech is an event

	chunk     time.Duration // audio of a frame
	oddChunks bool          // frames end in the middle of a sample
}

// What a WAV file's header says of its length, besides a number.
const (
	wavTrueSize    = 1
	wavUnknownSize = math.MaxUint32
)

// drawQuirks draws them, the same for the same seed. Frames of 20 to 200 ms are an assumption.
func drawQuirks(o engine.Options) quirks {
	r := rand.New(rand.NewPCG(o.Seed, 0x6f70656e6169))
	flip := func() bool { return r.IntN(2) == 1 }
	q := quirks{
		errors:       engine.OneOf(r, "envelope", "string", "object"),
		wrongModel:   engine.OneOf(r, http.StatusBadRequest, http.StatusNotFound, http.StatusOK),
		wrongVoice:   engine.OneOf(r, http.StatusBadRequest, http.StatusNotFound),
		voiceObjects: flip(), strict: flip(),
		instructions: engine.OneOf(r, "followed", "ignored", "refused"),
		streamFormat: engine.OneOf(r, "served", "ignored", "refused"),
		fixedSpeed:   flip(), onlyWAV: flip(),
		pcmType: engine.OneOf(r, "audio/pcm", "application/octet-stream", "audio/pcm;rate=24000"),
		wavType: engine.OneOf(r, "audio/wav", "audio/x-wav", "audio/pcm", "application/octet-stream"),
		wavRate: engine.OneOf(r, engine.NativeRate, 22050, 44100),
		wavSize: engine.OneOf[uint32](r, 0, wavTrueSize, wavUnknownSize), wavExtra: flip(),
		buffered: flip(), waits: flip(), cutClean: flip(), lingers: flip(), serial: flip(), closes: flip(), lists: flip(),
		sseField: engine.OneOf(r, "audio", "delta"), sseNames: flip(), sseDone: flip(), sseError: flip(),
		chunk: time.Duration(20+20*r.IntN(10)) * time.Millisecond, oddChunks: flip(),
	}
	if o.Chunk > 0 {
		q.chunk = o.Chunk
	}
	return q
}
