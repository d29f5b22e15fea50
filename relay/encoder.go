package relay

import (
	"time"

	"voicerelay/billing"
	"voicerelay/relay/position"
	"voicerelay/relay/refusals"
	"voicerelay/upstream"
)

// Encoder makes a client's messages about one generation: what they look like is the dialect's matter alone. Its methods are
// called one at a time, under the generation's lock, so they never wait. A message that is nil is left out.
type Encoder interface {
	// Form is how audio goes into a message. It never changes.
	Form() AudioForm
	// AppendHead appends what goes before a frame's audio, and AppendTail what goes after it. Neither may allocate.
	AppendHead(dst []byte, f Frame) []byte
	AppendTail(dst []byte, f Frame) []byte
	// Started goes before the first frame, Rerouted before the first frame of another target.
	Started(s Started) []byte
	Rerouted(r Rerouted) []byte
	// Words comes after the frame in which the last of them ends. The list is valid during the call only.
	Words(w Words) []byte
	// Ended is the last message.
	Ended(r Result) []byte
}

// Marker is an Encoder whose client wants to know when text up to a place has been spoken.
type Marker interface {
	// Marked comes after the audio of all text before a mark, in the order of the marks. Of a generation that does not complete
	// those are left out which were not reached.
	Marked() []byte
}

// AudioForm is how audio goes into a message.
type AudioForm int

const (
	// Base64 is text: a vendor's own base64 passes through where its format is the client's.
	Base64 AudioForm = iota
	// Raw is bytes as they are.
	Raw
)

// Frame is a frame's place in its generation.
type Frame struct {
	Seq     uint32        // 0, 1, 2 …
	Start   time.Duration // audio sent before
	Samples int64         // at the output's rate
}

// Started says who speaks.
type Started struct {
	Provider, Model string // Model is empty where the vendor has none
	// Voice is as asked; ProviderVoice is the vendor's name for it.
	Voice, ProviderVoice string
	// Ignored are options that the provider can't honor as asked.
	Ignored []string
	// Kept: the target was chosen because it was heard last in the conversation that the request names.
	Kept bool
}

// Rerouted says who goes on where another broke off.
type Rerouted struct {
	From, To             string
	Model, ProviderVoice string
	Reason               upstream.Kind
	// Resume is where in the text, At where in the audio it goes on.
	Resume  position.Resume
	At      time.Duration
	Ignored []string
}

// Words are words whose audio has been sent whole.
type Words struct {
	// Source is SourceProvider or position.SourceEstimate, whose times are off by Error at most in 95 of 100 cases.
	Source string
	Error  time.Duration
	Words  []Word
}

// SourceProvider says that the vendor told the times.
const SourceProvider = "provider"

// Word is a word of the text. Times are on the generation's clock, characters are code points of its whole text.
type Word struct {
	Text               string
	Start, End         time.Duration
	CharStart, CharEnd int
	Score              float64 // the vendor's confidence, 0 to 1; negative: it has told none
}

// Result is how a generation ended.
type Result struct {
	RecordID string
	Reason   Reason
	Err      *refusals.Error // of a failed one
	// TextIdled: the text counted as finished, since no more came for as long as it may be idle.
	TextIdled bool
	Spoken    position.Spoken
	Usage     Usage
	Timing    Timing
}

// Reason is how a generation ended, in a word.
type Reason string

// All reasons.
const (
	Completed Reason = "completed"
	Cancelled Reason = "cancelled"
	Failed    Reason = "failed"
)

// Usage is what a generation used.
type Usage struct {
	Characters int           // code points of the client's text
	Audio      time.Duration // sent to the client
	Recorded   bool          // false: the ledger could not be written
	Cost       []billing.Cost
	Attempts   []AttemptUsage
}

// AttemptUsage is one try of a generation at one target.
type AttemptUsage struct {
	UpstreamID      string // by what the vendor's support finds it; empty: it has no name for it
	Provider, Model string // Model is empty where the vendor has none
	Outcome         string // completed, cancelled, failed, hedged or superseded
	Code            upstream.Kind
	Message         string // for a person; of a failed one, as Code
	Requests        int
	Characters      int           // code points sent to the vendor
	Audio           time.Duration // received from the vendor
	Cost            billing.Cost
}

// Timing is how long a generation took.
type Timing struct {
	Total      time.Duration
	FirstAudio time.Duration // until the first audio could be sent
	Spoke      bool          // audio was sent; FirstAudio is not known otherwise
}

// bare is a client's encoder where something else compresses the audio: the generation gives it samples alone.
type bare struct{ Encoder }

func (bare) Form() AudioForm { return Raw }

func (bare) AppendHead(dst []byte, _ Frame) []byte { return dst }

func (bare) AppendTail(dst []byte, _ Frame) []byte { return dst }
