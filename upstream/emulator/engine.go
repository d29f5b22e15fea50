package emulator

import "voicerelay/upstream/emulator/engine"

// What every vendor's emulator has is the engine's.
type (
	Server    = engine.Server
	Options   = engine.Options
	Fault     = engine.Fault
	FaultKind = engine.FaultKind
	Stats     = engine.Stats
	Stream    = engine.Stream
	Cancel    = engine.Cancel
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
