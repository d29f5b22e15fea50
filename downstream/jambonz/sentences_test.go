package jambonz

import (
	"strings"
	"testing"

	"voicerelay/downstream"
)

func TestPiecesAreJoinedAsTheyWereCut(t *testing.T) {
	for name, test := range map[string]struct {
		pieces []string
		want   string
	}{
		"with their spaces":      {[]string{"One two.", " Three", " four."}, "One two. Three four."},
		"a space that was lost":  {[]string{"One two.", "Three!", "Four?", "Five"}, "One two. Three! Four? Five"},
		"a space behind":         {[]string{"One two. ", "Three"}, "One two. Three"},
		"tokens within words":    {[]string{"Th", "ree fo", "ur", "."}, "Three four."},
		"a number":               {[]string{"Pi is 3.", "14 or so."}, "Pi is 3.14 or so."},
		"a script without any":   {[]string{"你好。", "你好吗？"}, "你好。你好吗？"},
		"no letter at the start": {[]string{"He said.", "\"No.\""}, "He said.\"No.\""},
	} {
		var s sentences
		var got strings.Builder
		for _, piece := range test.pieces {
			got.WriteString(s.join(piece))
		}
		if got.String() != test.want {
			t.Errorf("%s: got %q, want %q", name, got.String(), test.want)
		}
	}
}

// Whatever comes, joining adds nothing but a space before a piece, and a message that is read has its text.
func FuzzPieces(f *testing.F) {
	f.Add([]byte(`{"type":"stream","text":"One."}`), []byte(`{"type":"stream","text":"Two"}`))
	f.Add([]byte(`{"type":"stream","text":"…"}`), []byte(`{"type":"flush","text":null}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var s sentences
		for _, data := range [][]byte{first, second} {
			var m message
			if downstream.DecodeTolerant(data, &m) != nil {
				return
			}
			if joined := s.join(m.Text); joined != m.Text && joined != " "+m.Text {
				t.Errorf("%q became %q", m.Text, joined)
			}
		}
	})
}
