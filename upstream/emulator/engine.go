package emulator

import "voicerelay/upstream/emulator/engine"

// Types of the engine, by the names that users of this package write.
type (
	// Server is an emulated vendor.
	Server = engine.Server
	// Options are what it is like.
	Options = engine.Options
	// Fault is what goes wrong in it.
	Fault = engine.Fault
	// FaultKind is how it goes wrong.
	FaultKind = engine.FaultKind
	// Stats is what it has seen.
	Stats = engine.Stats
	// Stream is what it has seen of one stream.
	Stream = engine.Stream
	// Cancel is a cancel that it got.
	Cancel = engine.Cancel
)

// The faults that an emulator can be told to make. Package engine says what each one does.
const (
	NoFault     = engine.NoFault
	Refuse      = engine.Refuse
	Late        = engine.Late
	Stall       = engine.Stall
	Drop        = engine.Drop
	ErrorFrame  = engine.ErrorFrame
	Garbage     = engine.Garbage
	CloseCode   = engine.CloseCode
	WrongLength = engine.WrongLength
	Slow        = engine.Slow
	OddChunks   = engine.OddChunks
	Empty       = engine.Empty
	NullCost    = engine.NullCost
)

// ParseFault reads a fault as command lines have it, such as "stall:400ms". Empty is no fault.
func ParseFault(s string) (Fault, error) { return engine.ParseFault(s) }

// FaultKinds lists the faults that ParseFault knows.
func FaultKinds() string { return engine.FaultKinds() }
