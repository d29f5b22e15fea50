package upstream

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/awake"
)

// Provider speaks for one configured vendor account. It is safe for concurrent use.
type Provider interface {
	// Capabilities says what the provider can do; the value never changes.
	Capabilities() Capabilities
	// ParseOptions checks a client's provider_options for this provider. Its error is an *OptionError.
	ParseOptions(raw json.RawMessage) (any, error)
	// Open starts an attempt and returns once text can be sent; ctx bounds connecting only. Where it fails the
	// sink is never called, and the error is an *Error.
	Open(ctx context.Context, req Request, sink Sink) (Stream, error)
	// Close ends all sockets and waits for all goroutines. Streams must have been closed before.
	Close() error
}

// Warmer is a provider that can open sockets ahead of need.
type Warmer interface {
	// Warm opens what the configuration asks for; it is called once, after the start.
	Warm(ctx context.Context)
}

// Pooled is a provider that shares sockets among streams.
type Pooled interface {
	// Sockets counts the open ones: those without a stream, and the others.
	Sockets() (idle, busy int)
}

// Env is what the process gives an adapter.
type Env struct {
	// Name is the provider's name in the configuration, URL the vendor's base address (wss://host).
	Name, URL string
	// APIKey is the account's key.
	APIKey Secret
	// Voices are the vendor's own voice ids that the configuration names for this provider, for adapters that take no
	// other.
	Voices []string
	// Warm is the number of sockets to keep open ahead of need.
	Warm int
	// Log takes connection events: never text, audio or keys.
	Log zerolog.Logger
	// Awake tells time in which the process runs: what a vendor is judged by. nil: it always does.
	Awake *awake.Clock
	// HTTP dials; nil for the default. Tests give one that dials in memory.
	HTTP *http.Client
}

// Secret is a string that prints as ***.
type Secret string

// String hides the secret.
func (s Secret) String() string { return "***" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return "***" }

// MarshalText hides the secret from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Reveal is the secret itself, for the wire only.
func (s Secret) Reveal() string { return string(s) }

// PieceEnds says how an adapter knows that a piece has been delivered.
type PieceEnds string

// The ways to know a piece's end.
const (
	PieceEndsExact   PieceEnds = "exact"   // the vendor marks it
	PieceEndsCounted PieceEnds = "counted" // derived by counting answers
	PieceEndsNone    PieceEnds = "none"
)

// WordTimes says what word times a vendor gives.
type WordTimes string

// The word times that vendors give.
const (
	WordTimesNone      WordTimes = "none"
	WordTimesWord      WordTimes = "word"
	WordTimesCharacter WordTimes = "character"
)

// CancelMode says how a vendor is stopped.
type CancelMode string

// The ways to stop a vendor.
const (
	CancelConfirmed CancelMode = "confirmed" // told, and it answers
	CancelSilent    CancelMode = "silent"    // told, and it says nothing
	CancelSocket    CancelMode = "socket"    // by closing the socket
)

// Capabilities is what a provider can do, as clients and routing see it.
type Capabilities struct {
	PieceEnds PieceEnds  `json:"piece_ends"`
	WordTimes WordTimes  `json:"word_times"`
	Cancel    CancelMode `json:"cancel"`
	// StreamsPerSocket is how many streams share a socket; 1: a socket each.
	StreamsPerSocket int `json:"streams_per_socket"`
	// Concurrent is how many streams the vendor speaks at once where its operator says nothing else; 0: it names no bound.
	Concurrent int `json:"-"`
	// Cost: the vendor says what it charged.
	Cost bool `json:"cost"`
	// Spell: the vendor knows <spell>; otherwise it gets the letters apart.
	Spell bool `json:"spell"`
	// Markup are the tags that the vendor knows, besides spell: by their names, and text.AudioTags for all in square
	// brackets. Others are left out of what it gets. Models may differ: MarkupOf tells.
	Markup []string `json:"markup"`
	// ModelMarkup, if any, are the tags that a model knows instead, by its name; false: those of Markup.
	ModelMarkup func(model string) ([]string, bool) `json:"-"`
	// Normalize: the vendor can be told whether to speak numbers and symbols as words.
	Normalize bool `json:"normalize"`
	// Language: the vendor can be told the language.
	Language bool `json:"language"`
	// Languages are those that its voices speak, as primary subtags of BCP 47; none: its reference names no bound.
	Languages []string `json:"languages,omitempty"`
	// MinSpeed and MaxSpeed are the vendor's range; both 1 where it has no such setting.
	MinSpeed float64 `json:"min_speed"`
	MaxSpeed float64 `json:"max_speed"`
	// Known says how well the claims are known.
	Known Known `json:"known"`
	// Formats are what the vendor is asked for, best first.
	Formats []audio.Format `json:"-"`
}

// Evidence is what a claim about a vendor rests on.
type Evidence string

// The evidence that there can be, strongest first.
const (
	Proven     Evidence = "proven"     // seen at the vendor's running service
	Documented Evidence = "documented" // the vendor's documentation says so
	Assumed    Evidence = "assumed"    // neither: what seems likely, with provision for the contrary
)

// Known is the evidence for each claim of Capabilities that decides how well a vendor can be stopped, replaced and
// accounted for; also for a claim that there is none.
type Known struct {
	PieceEnds Evidence `json:"piece_ends"`
	WordTimes Evidence `json:"word_times"`
	Cancel    Evidence `json:"cancel"`
	Cost      Evidence `json:"cost"`
}

// Resume is the best evidence by which another provider can go on where this one broke off, by the names of
// rerouted's resume_source.
func (c Capabilities) Resume() string {
	switch {
	case c.WordTimes != WordTimesNone:
		return "word_times"
	case c.PieceEnds != PieceEndsNone:
		return "segment"
	}
	return "estimate"
}

// MarkupOf are the tags that a model of the vendor knows.
func (c Capabilities) MarkupOf(model string) []string {
	if c.ModelMarkup != nil {
		if tags, ok := c.ModelMarkup(model); ok {
			return tags
		}
	}
	return c.Markup
}

// Speaks reports whether any voice can speak a language, given as a BCP 47 tag. Where it is not known they are taken to.
func (c Capabilities) Speaks(language string) bool {
	primary, _, _ := strings.Cut(language, "-")
	return language == "" || len(c.Languages) == 0 || slices.ContainsFunc(c.Languages, func(known string) bool {
		return strings.EqualFold(known, primary)
	})
}

// ClampSpeed is the vendor's nearest value to speed.
func (c Capabilities) ClampSpeed(speed float64) float64 {
	return min(max(speed, c.MinSpeed), c.MaxSpeed)
}

// Ignored names the options of a request that the provider can't honour as asked, by their protocol names.
func (c Capabilities) Ignored(req Request, wordTimestamps bool) []string {
	ignored := []string{}
	if req.Language != "" && !c.Language {
		ignored = append(ignored, "language")
	}
	if !req.Normalize && !c.Normalize {
		ignored = append(ignored, "normalize")
	}
	if c.ClampSpeed(req.Speed) != req.Speed {
		ignored = append(ignored, "speed")
	}
	if wordTimestamps && c.WordTimes == WordTimesNone {
		ignored = append(ignored, "word_timestamps")
	}
	slices.Sort(ignored)
	return ignored
}

// Base is the vendor's address, below which an adapter finds its sockets. It may have a query. Its error is an *EnvError.
func (e Env) Base() (*url.URL, error) {
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, &EnvError{Field: "url", Reason: "must be ws://host or wss://host"} // it may contain a key
	}
	return u, nil
}

// EnvError is why a provider can't be opened: a setting that is not of its options is at fault.
type EnvError struct {
	// Field is the setting's name in the configuration.
	Field string
	// Reason says what it must be, and quotes nothing of it.
	Reason string
}

func (e *EnvError) Error() string { return e.Field + ": " + e.Reason }
