package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"voicerelay/upstream/emulator/voice"
)

// Options says how an emulator behaves. The zero value speaks in tones, as fast as it goes, without fault.
type Options struct {
	// Seed draws what is not known of the vendor, and the lengths of words.
	Seed uint64
	// APIKey is the one that is accepted; empty: any.
	APIKey string
	// Fault is what goes wrong.
	Fault Fault
	// Pace is seconds of audio a second; 0: as fast as it goes.
	Pace float64
	// FirstAudio is the time before the first audio of each text that is spoken at once.
	FirstAudio time.Duration
	// Speech speaks real words, where espeak-ng is installed.
	Speech bool
	// Speaker speaks real words in a better voice; nil, or where it fails: as Speech says. It may be called by several goroutines.
	Speaker func(ctx context.Context, text string, rate int, speed float64) (voice.Spoken, error)
	// Chunk is the audio of a frame; 0: drawn from the seed, 100 to 250 ms.
	Chunk time.Duration
	// Distance is how long bytes take to the vendor, and from it.
	Distance time.Duration
	// TLS has Start listen for wss, with a certificate of the server's own.
	TLS bool
	// Inactivity ends a context that nothing is said to; 0: 20 s. A vendor of requests closes connections that have none for so long;
	// 0: never.
	Inactivity time.Duration
}

// FaultKind is what goes wrong.
type FaultKind string

// The faults. Those with a time come after so much audio of a stream.
const (
	NoFault     FaultKind = ""
	Refuse      FaultKind = "refuse"       // the handshake is refused with HTTP status Code, or with a Retry-After of After; accepted and closed where that is above 999, or answered by an error Name
	Late        FaultKind = "late"         // the first audio comes After later
	Stall       FaultKind = "stall"        // no more is sent, and the socket stays open
	Drop        FaultKind = "drop"         // the connection breaks without a close frame
	ErrorFrame  FaultKind = "error"        // an error frame with Name as its code
	Garbage     FaultKind = "garbage"      // a frame that is not of the protocol
	CloseCode   FaultKind = "close"        // the socket is closed with Code
	WrongLength FaultKind = "wrong_length" // so much audio, else far too little, and a normal end
	Slow        FaultKind = "slow"         // half of real time
	OddChunks   FaultKind = "odd_chunks"   // frames that end in the middle of a sample
	Empty       FaultKind = "empty"        // a normal end without audio
	NullCost    FaultKind = "null_cost"    // the charge is not known
)

// faultKinds lists the faults in the order above.
func faultKinds() []FaultKind {
	return []FaultKind{Refuse, Late, Stall, Drop, ErrorFrame, Garbage, CloseCode, WrongLength, Slow, OddChunks, Empty, NullCost}
}

// FaultKinds lists the faults that ParseFault knows.
func FaultKinds() string {
	var names []string
	for _, k := range faultKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// Fault is a thing that goes wrong.
type Fault struct {
	Kind FaultKind
	// After is the audio of a stream that comes first, or how late its first audio is, or for how long a refusal by HTTP
	// status asks to be left alone; whole seconds of it.
	After time.Duration
	// Code is an HTTP status or a close code.
	Code int
	// Name is an error frame's code. A vendor that refuses by HTTP status alone does not know it in a refusal.
	Name string
	// Session: the error frame names no stream, so it is the whole session's.
	Session bool
}

// ParseFault reads a fault as the command line has it: a kind and what belongs to it, between colons, such as
// "stall:400ms", "refuse:403", "close:4500:200ms" or "error:RATE_LIMITED:session". Empty is no fault.
// A number is Code, a time is After, "session" is Session, and any other part is Name, in any order.
func ParseFault(s string) (Fault, error) {
	if s == "" {
		return Fault{}, nil
	}
	kind, rest, _ := strings.Cut(s, ":")
	f := Fault{Kind: FaultKind(kind)}
	if !slices.Contains(faultKinds(), f.Kind) {
		return Fault{}, fmt.Errorf("unknown fault %q; there are %s", kind, FaultKinds())
	}
	for part := range strings.SplitSeq(rest, ":") {
		if err := f.take(part); err != nil {
			return Fault{}, err
		}
	}
	return f.WithDefaults(), nil
}

func (f *Fault) take(part string) error {
	if part == "" {
		return nil
	}
	if n, err := strconv.Atoi(part); err == nil {
		f.Code = n
		return nil
	}
	if d, err := time.ParseDuration(part); err == nil && d >= 0 {
		f.After = d
		return nil
	}
	if part == "session" {
		f.Session = true
		return nil
	}
	if f.Kind != ErrorFrame && f.Kind != Refuse {
		return fmt.Errorf("fault %q: %q is neither a time nor a number", string(f.Kind), part)
	}
	f.Name = part
	return nil
}

// WithDefaults is the fault with a code, a name or a time where it needs one and has none.
// 503 and 1011 are what a vendor in trouble sends; 10 s are about what clients wait for first audio.
func (f Fault) WithDefaults() Fault {
	switch {
	case f.Kind == Refuse && f.Code == 0: // also beside a name, for a vendor that does not know it
		f.Code = 503
	case f.Kind == CloseCode && f.Code == 0:
		f.Code = 1011
	case f.Kind == ErrorFrame && f.Name == "":
		f.Name = "INTERNAL_ERROR"
	case f.Kind == Late && f.After == 0:
		f.After = 10 * time.Second
	}
	return f
}

// SetRetryAfter has a refusal say for how long the client is to leave the vendor alone, if the fault does.
func (f Fault) SetRetryAfter(h http.Header) {
	if seconds := int(f.After.Seconds()); seconds > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
}

// OneOf draws one of several settings.
func OneOf[T any](r *rand.Rand, settings ...T) T { return settings[r.IntN(len(settings))] }
