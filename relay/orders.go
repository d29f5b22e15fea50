package relay

import (
	"time"

	"voicerelay/text"
)

// orders are the pieces of text that an attempt's vendor has been given, and how far it is with them.
type orders struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	cutter    *text.Cutter
	pieces    []orderedPiece
	expected  time.Duration // of audio, that they may well take
	given     int           // pieces that the vendor has, or may have: the last may still be on its way
	delivered int           // pieces whose audio is through
	withheld  int           // of the last pieces, those that the vendor has no order for
	sending   bool          // the last piece is one of them only until the stream has taken it
	lastSent  bool          // the vendor knows that no more text comes
	pieceFrom time.Duration // where on clock the piece under way begins
}
