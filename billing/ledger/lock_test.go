package ledger

import (
	"os"
	"slices"
	"testing"

	"github.com/rs/zerolog"

	"voicerelay/billing/ledger/filelock"
)

// Whoever wrote a file of this name is known to be gone, a bounded number of starts back; who wrote in another folder is not,
// though that was copied with all that is in it.
func TestWhoWroteHereIsGone(t *testing.T) {
	file := path(t)
	var starts []string
	for range filelock.MaxNoted + 3 {
		l := mustOpen(t, Config{Path: file, AskFirst: true, Log: zerolog.Nop()})
		want := starts[max(0, len(starts)-filelock.MaxNoted):]
		remains, err := l.Remains(t.Context())
		if err != nil || !slices.Equal(remains.Gone, want) {
			t.Fatalf("after %d starts: gone are %v, %v, want %v", len(starts), remains.Gone, err, want)
		}
		starts = append(starts, l.Epoch())
		mustStop(t, l)
	}
	other := path(t)
	l := mustOpen(t, Config{Path: other, Log: zerolog.Nop()}) // makes the folder
	mustStop(t, l)
	for _, suffix := range []string{"", ".lock"} {
		if err := os.Remove(other + suffix); err != nil {
			t.Fatal(err)
		}
		write(t, other+suffix, contents(t, file+suffix))
	}
	l = mustOpen(t, Config{Path: other, AskFirst: true, Log: zerolog.Nop()})
	if remains, err := l.Remains(t.Context()); err != nil || len(remains.Gone) > 0 || !remains.Copied {
		t.Errorf("in a copied folder: %+v, %v, want a copy, and nobody known to be gone", remains, err)
	}
	mustStop(t, l)
}
