package upstream

import (
	"cmp"
	"errors"
	"time"
)

// Kind says what went wrong in terms that mean the same for every vendor. Its text is the code that clients
// see in an attempt's outcome and as the reason of a reroute.
type Kind string

// All kinds of failure.
const (
	ConnectFailed     Kind = "connect_failed"      // no connection, or refused at the handshake
	FirstAudioTimeout Kind = "first_audio_timeout" // no audio in time after the attempt's start
	Stalled           Kind = "stalled"             // audio had begun; the vendor owes more and sends nothing
	Dropped           Kind = "dropped"             // the connection ended in the middle
	UpstreamError     Kind = "upstream_error"      // the vendor reported a fault of its own
	Throttled         Kind = "throttled"           // the vendor is well, we are too fast
	Rejected          Kind = "rejected"            // the vendor finds this request invalid; another may speak it
	AuthFailed        Kind = "auth_failed"         // the vendor refuses our key
	NoCredit          Kind = "no_credit"           // our key's account is spent
	Garbled           Kind = "garbled"             // frames that are not of the vendor's protocol
	NoAudio           Kind = "no_audio"            // a normal end, and nothing spoken
	ShortAudio        Kind = "short_audio"         // a normal end, and far too little spoken
	Canceled          Kind = "cancelled"           // ended by us: no failure
)

// Policy says what a kind of failure means for routing.
type Policy struct {
	// Reroute: another target may speak what this one did not.
	Reroute bool
	// Trips: counts towards opening the target's circuit.
	Trips bool
	// Opens: opens the target's circuit at once, since nothing but an operator mends it.
	Opens bool
	// PerVoice: counts against target and voice together, until a second voice fails too.
	PerVoice bool
	// CoolsDown: the target rests for RetryAfter.
	CoolsDown bool
	// Timeout: the client hears upstream_timeout rather than upstream_failed.
	Timeout bool
}

// Policies is the one table from kinds to what they mean.
var Policies = map[Kind]Policy{
	ConnectFailed:     {Reroute: true, Trips: true},
	FirstAudioTimeout: {Reroute: true, Trips: true, Timeout: true},
	Stalled:           {Reroute: true, Trips: true, Timeout: true},
	Dropped:           {Reroute: true, Trips: true},
	UpstreamError:     {Reroute: true, Trips: true},
	Throttled:         {Reroute: true, CoolsDown: true},
	Rejected:          {Reroute: true},
	AuthFailed:        {Reroute: true, Opens: true},
	NoCredit:          {Reroute: true, Opens: true},
	Garbled:           {Reroute: true, Trips: true},
	NoAudio:           {Reroute: true, PerVoice: true},
	ShortAudio:        {Reroute: true, PerVoice: true},
	Canceled:          {},
}

// Error is a failure of an attempt.
type Error struct {
	Kind Kind
	// Code is the vendor's own code, if it gave one: an identifier, never free text.
	Code string
	// Class is what connecting failed at; empty for all else.
	Class Class
	// Message says what happened in our words; it reaches clients and logs, so it contains no secret and no
	// text of the client or of the vendor.
	Message string
	// RequestID is the vendor's name of what failed, if it gave one: as func RequestID leaves it.
	RequestID string
	// RetryAfter is how long the vendor asks to be left alone, or 0.
	RetryAfter time.Duration
	// Err is the cause, for errors.Is; it is not printed, since a cause may contain a URL with a key.
	Err error
}

func (e *Error) Error() string {
	return string(e.Kind) + ": " + e.Told()
}

// Told is the message with the code or class in brackets: what clients and operators read.
func (e *Error) Told() string {
	if detail := cmp.Or(e.Code, string(e.Class)); detail != "" {
		return e.Message + " (" + detail + ")"
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// GarbledError is the error of a frame that is not of the vendor's protocol.
func GarbledError(message string) *Error { return &Error{Kind: Garbled, Message: message} }

// KindOf is the kind of any error that an attempt ended with; empty where there is none. What no adapter has classified is
// the vendor's fault.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	}
	return UpstreamError
}

// ToldOf is what a client may be told of a failed attempt. Only an adapter's own words are fit for that.
func ToldOf(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return "unexpected failure"
	}
	return e.Told()
}

// ClassOf is what a vendor could not be connected at; empty for all other failures.
func ClassOf(err error) Class {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	if e.Class != "" || e.Err == nil {
		return e.Class
	}
	return ClassOf(e.Err) // as where the time for a first audio ended while connecting
}
