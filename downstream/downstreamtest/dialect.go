package downstreamtest

import (
	"time"

	"voicerelay/downstream"
)

// Dialect is what the suite knows of a dialect.
type Dialect struct {
	// Under is the dialect that is tested.
	Under downstream.Dialect
	// Dial opens a client of it. Where the server refuses it by a status, the error is a *Refused. A dialect of single requests
	// need not ask the server for anything yet.
	Dial func(r *Relay, as Caller) (Client, error)
	Can
}

// Caller is who a client is.
type Caller struct{ Key, Voice string }

// Can is what clients of a dialect can do.
type Can struct {
	// Tokens: text comes in pieces of any length. Flush: a client can have spoken what there is.
	Tokens, Flush bool
	// Turns: a connection has several turns, one after the other. Parallel: also at once.
	Turns, Parallel bool
	// Interrupt: a client can break a turn off and go on. Else it hangs up.
	Interrupt bool
	// Words: clients are told the times of words.
	Words bool
	// Unpunctuated: words are told without the marks beside them. Else they are as the client wrote them.
	Unpunctuated bool
	// TellsFailure: a turn that fails after its first audio is told as a failure. Else its connection or body breaks off.
	TellsFailure bool
	// Apart: turns of a connection are no conversation, unless the client says so.
	Apart bool
	// Bare: a turn in which there is nothing to speak ends without audio, as clients of the dialect expect.
	Bare bool
}

// Client is a client of the dialect: it says what a program would say, and makes what it hears an Event. Each turn has a name of
// the test's own; where the dialect has no names for turns, the driver keeps them in order.
type Client interface {
	// Say adds text to a turn, which begins with its first text. Flush has spoken what there is, End is the end of the text.
	Say(turn, text string)
	Flush(turn string)
	End(turn string)
	// Interrupt breaks a turn off.
	Interrupt(turn string)
	// Next is what the client hears next. A turn or a request that is refused by a status ends with a *Refused, a connection
	// that the relay has closed with io.EOF, a body that breaks off with any other error.
	Next() (Event, error)
	// Hangup goes away without a word.
	Hangup()
}

// Kind is what an event is.
type Kind int

// The kinds of events.
const (
	Audio  Kind = iota // samples
	Words              // the times of words
	Over               // a turn has been spoken, or has been broken off
	Failed             // a turn has failed
)

// Event is something that a client hears.
type Event struct {
	Kind Kind
	// Turn is which one; empty where the dialect does not tell.
	Turn string
	// PCM is s16le at 24,000 Hz.
	PCM []byte
	// Words are on the clock of the turn's audio.
	Words []Word
	// Reason is what a failure says, for the test's own message.
	Reason string
}

// Word is a word as the client is told it.
type Word struct {
	Text       string
	Start, End time.Duration
}
