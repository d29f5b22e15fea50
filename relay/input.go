package relay

import (
	"time"

	"voicerelay/text"
)

// input is what a generation has to speak: its text, as it comes and as it is paid.
type input struct {
	// Static after newGeneration.
	g   *Generation
	out *output // its mu guards what follows

	text    text.Buffer
	funds   funds
	short   shortPieces
	at      time.Time // when text last came
	idled   bool      // it counts as finished since then
	refused bool      // the one answer to text after the text's end has been given
}
