package upstreamtest

import (
	"testing"
	"time"

	"voicerelay/upstream"
)

// Loose is a sink that checks only what must hold for any bytes from a vendor. Its test alone calls it. It keeps no
// audio, so that taking it allocates nothing.
type Loose struct {
	TB     testing.TB
	Frames int
	Bytes  int // of audio as it came, so maybe as base64
	Told   []upstream.Word
	Pieces []int
	Calls  int // of PieceEnd
	Kept   int // pieces withheld
	Ends   int
	Used   upstream.Usage
	Err    error

	last  time.Duration
	piece int
}

// Audio takes a frame.
func (l *Loose) Audio(f upstream.Frame) {
	l.Frames++
	l.Bytes += len(f.Base64) + len(f.Raw)
	if (f.Base64 == nil) == (f.Raw == nil) || f.Format.Validate() != nil {
		l.TB.Errorf("bad frame %+v", f)
	}
	l.late("Audio")
}

// Words takes words.
func (l *Loose) Words(ws []upstream.Word) {
	for _, w := range ws {
		if w.Start < l.last || w.End < w.Start || w.Piece < l.piece {
			l.TB.Errorf("%+v comes after %v of piece %d", w, l.last, l.piece)
		}
		l.last, l.piece = w.Start, w.Piece
	}
	l.Told = append(l.Told, ws...)
	l.late("Words")
}

// Withheld takes the number of pieces that are kept back.
func (l *Loose) Withheld(n int) {
	if n < 0 {
		l.TB.Errorf("%d pieces are kept back", n)
	}
	l.Kept = n
	l.late("Withheld")
}

// PieceEnd takes the end of a piece, and of those before it.
func (l *Loose) PieceEnd(id int) {
	if id < len(l.Pieces) {
		l.TB.Errorf("piece %d ends after %d", id, len(l.Pieces))
	}
	for next := len(l.Pieces); next <= id; next++ {
		l.Pieces = append(l.Pieces, next)
	}
	l.Calls++
	l.late("PieceEnd")
}

// End takes the end.
func (l *Loose) End(u upstream.Usage, err error) {
	l.late("End")
	l.Ends++
	l.Used, l.Err = u, err
}

func (l *Loose) late(call string) {
	if l.Ends > 0 {
		l.TB.Errorf("%s after End", call)
	}
}
