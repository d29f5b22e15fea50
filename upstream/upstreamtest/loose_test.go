package upstreamtest

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream"
)

func TestTheLooseSinkComplains(t *testing.T) {
	word := func(piece int, start, end time.Duration) []upstream.Word {
		return []upstream.Word{{Text: "w", Piece: piece, Start: start, End: end}}
	}
	for name, c := range map[string]struct {
		do   func(l *Loose)
		want string // empty: there is nothing to complain about
	}{
		"of nothing": {func(l *Loose) {
			l.Audio(frame)
			l.Words(word(0, 1, 2))
			l.PieceEnd(0)
			l.Words(word(1, 2, 2))
			l.PieceEnd(1)
			l.End(upstream.Usage{}, nil)
		}, ""},
		"of a frame of nothing":      {func(l *Loose) { l.Audio(upstream.Frame{Format: frame.Format}) }, "bad frame"},
		"of two frames in one":       {func(l *Loose) { l.Audio(upstream.Frame{Format: frame.Format, Raw: []byte{}, Base64: []byte{}}) }, "bad frame"},
		"of a strange format":        {func(l *Loose) { l.Audio(upstream.Frame{Raw: []byte{}}) }, "bad frame"},
		"of a word of before":        {func(l *Loose) { l.Words(word(0, 2, 3)); l.Words(word(0, 1, 3)) }, "comes after"},
		"of a word that ends early":  {func(l *Loose) { l.Words(word(0, 2, 1)) }, "comes after"},
		"of a former piece's word":   {func(l *Loose) { l.Words(word(1, 1, 2)); l.Words(word(0, 2, 3)) }, "of piece 1"},
		"of a piece that ends again": {func(l *Loose) { l.PieceEnd(1); l.PieceEnd(0) }, "piece 0 ends after 2"},
		"of fewer pieces than none":  {func(l *Loose) { l.Withheld(-1) }, "-1 pieces"},
		"of late audio":              {func(l *Loose) { l.End(upstream.Usage{}, nil); l.Audio(frame) }, "Audio after End"},
		"of late words":              {func(l *Loose) { l.End(upstream.Usage{}, nil); l.Words(word(0, 1, 2)) }, "Words after End"},
		"of a late piece":            {func(l *Loose) { l.End(upstream.Usage{}, nil); l.PieceEnd(0) }, "PieceEnd after End"},
		"of a second end":            {func(l *Loose) { l.End(upstream.Usage{}, nil); l.End(upstream.Usage{}, nil) }, "End after End"},
	} {
		t.Run(name, func(t *testing.T) {
			test := &complaints{TB: t}
			c.do(&Loose{TB: test})
			if told := strings.Join(test.told, "\n"); !strings.Contains(told, c.want) || (told == "") != (c.want == "") {
				t.Errorf("told %q, want %q", told, c.want)
			}
		})
	}
}
