package upstream

import (
	"bytes"
	"time"

	"voicerelay/audio"
)

// Sink is where a stream's events go. The vendor socket's reader calls it, so its methods must not block, nor call
// the stream. An adapter may hold a lock meanwhile that Speak and Close take: their caller must hold no
// lock that the sink takes.
type Sink interface {
	// Audio takes the next audio in order. The frame's bytes are valid during the call only.
	Audio(f Frame)
	// Words takes times of words, in order. They may come before or after the audio that they are of.
	Words(ws []Word)
	// Withheld says how many of the last pieces given to Speak the stream keeps back, whenever that changes: 0 at first.
	// The vendor has no order to speak them yet, so it owes nothing of them.
	Withheld(n int)
	// PieceEnd says that all audio of the piece has been delivered, and of those before it that have not ended. Pieces
	// that end at once are ended by one call, and judged together.
	PieceEnd(id int)
	// End is the last call: err is nil where everything ordered was delivered, the cause given to Close where
	// that ended the stream, and an *Error otherwise.
	End(u Usage, err error)
}

// Frame is one chunk of audio as it came from the vendor. Exactly one of Base64 and Raw is set. Its length
// need not be whole samples: what is left over continues in the next frame.
type Frame struct {
	Format audio.Format
	// Base64 is the vendor's own standard base64 with padding, not yet decoded nor checked. It has no line breaks, which
	// Len would count as audio: where a decoder has read it, func Base64 takes them out.
	Base64 []byte
	// Raw is audio bytes.
	Raw []byte
}

// Len is how many bytes of audio the frame stands for. Base64 is taken for what it claims to be.
func (f Frame) Len() int {
	return len(f.Raw) + len(f.Base64)/4*3 - bytes.Count(f.Base64[max(len(f.Base64)-2, 0):], []byte("="))
}

// Word is one word as the vendor spoke it.
type Word struct {
	// Text is the vendor's: of its normalised text where it has one.
	Text string
	// Piece is the id of the piece that the word is of.
	Piece int
	// Start and End count from the stream's first sample.
	Start, End time.Duration
	// Score is the vendor's confidence, 0 to 1, or negative where it gives none.
	Score float64
}

// Usage is what is known at a stream's end of what it took. The zero value: what was ordered, and no more is known.
type Usage struct {
	// Charge is what the vendor says it charged.
	Charge Charge
	// Metered is what it says that it counted of all that the stream took.
	Metered Metered
	// Withheld is how many of the last pieces the vendor never heard of, so that it charges nothing for them: of those
	// that Sink.Withheld counted, the ones whose text had not been sent either.
	Withheld int
	// RequestID is by what the vendor's support finds the stream: the vendor's own name of it or of its connection, or the one
	// that it was given on the wire; empty where there is none. An error's own is more exact.
	RequestID string
}

// Metered is what a vendor says that it charges for, in its own way of counting, where it tells no money. What is 0 it does not
// say, as where it has told of a part of the stream only: then the relay counts by itself.
type Metered struct {
	// Characters are of the text.
	Characters int64
	// InputTokens are of text, OutputTokens of audio.
	InputTokens, OutputTokens int64
}

// Charge is an amount exactly as a vendor wrote it. The zero value: not known.
type Charge struct {
	// Decimal is the vendor's number, for example "0.18".
	Decimal string
	// Scale is the power of ten that makes it currency units: -2 where Decimal counts cents.
	Scale int
	// Currency is an ISO 4217 code in capitals.
	Currency string
}

// Known reports whether the vendor named an amount.
func (c Charge) Known() bool { return c.Decimal != "" && c.Currency != "" }
