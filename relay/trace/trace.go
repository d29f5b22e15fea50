package trace

import (
	"time"

	"voicerelay/billing"
	"voicerelay/relay/position"
	"voicerelay/upstream"
)

// Tracer shows generations as parts of traces, which begin at clients. It is safe for concurrent use, and nothing of it waits.
type Tracer interface {
	// Begin begins to show a generation, from its request on.
	Begin(parent Context, at time.Time) Generation
}

// Generation is what is shown of one generation. Nothing of it is called while frames pass.
type Generation interface {
	// TraceID is what logs name the trace by.
	TraceID() string
	// End ends it with all that there is to show. It is called once.
	End(s Story)
}

// Context is where in a trace a client stands: the headers traceparent and tracestate of W3C Trace Context. Empty: in none.
type Context struct{ Parent, State string }

// Story is what has happened in a generation.
type Story struct {
	// Record is the generation's, with its attempts. Of one that was refused it is what would have been recorded.
	Record  billing.Record
	Refused bool
	// Dialect is what the client speaks; empty: the relay's own protocol.
	Dialect string
	// FirstAudio is when the first audio could be sent; zero: none could.
	FirstAudio time.Time
	// Stopped is when the generation was ended from our side, Cause why; zero: it was not.
	Stopped time.Time
	Cause   string
	// Attempts are those of the record, in its order.
	Attempts []Attempt
}

// Attempt is what the record does not say of an attempt.
type Attempt struct {
	// Adapter is what speaks the vendor's protocol. Providers of several names may have the same.
	Adapter string
	// Hedges: it was opened beside another that kept the caller waiting.
	Hedges bool
	// Heard is when its first audio could be sent; zero: none could.
	Heard time.Time
	// Reason is why another voice, that the caller had heard, was replaced by this one; empty: none was.
	Reason upstream.Kind
	// Resume is where in the text, At where in the audio it went on then.
	Resume position.Resume
	At     time.Duration
}
