package server

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// While a stream keeps pieces back nothing is owed: no deadline passes, no backup is opened, and more text may join them.
// Once they are let go of, the vendor has its usual time.
func TestWithheldPiecesAreNotOwed(t *testing.T) {
	for name, order := range map[string][]string{"alone": {"alpha"}, "with a backup": {"alpha", "beta"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := relaytest.Lively(), relaytest.Lively()
				first.KeepFor = time.Minute
				c := newRig(t, Config{}, order, fakes{"alpha": first, "beta": second}).dial("")
				const sentences = "One two three. Four five six. Seven eight nine. Ten."
				c.send(`{"type":"generate","generation_id":"g1","text":"","final":false}`)
				go func() { // the client listens meanwhile
					for _, part := range strings.SplitAfter(sentences, ". ") {
						c.send(`{"type":"append","generation_id":"g1","text":"` + part + `"}`)
						time.Sleep(time.Second)
					}
					c.send(`{"type":"finish","generation_id":"g1"}`)
				}()
				l := c.listen("g1")
				if !slices.Equal(l.providers, []string{"alpha completed"}) || l.heard != relaytest.Letters(sentences) {
					t.Errorf("attempts: %v, heard %q", l.providers, l.heard)
				}
				if len(second.Asked) > 0 {
					t.Errorf("the backup was asked %d times", len(second.Asked))
				}
				if n := len(first.Pieces); n != 5 {
					t.Errorf("%d pieces were ordered, want each sentence as it came, and the end", n)
				}
			})
		})
	}
}
