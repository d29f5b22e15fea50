package client

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// A flush is of the text before it: what comes after it waits for more on the next connection, too.
func TestTextBehindAFlushIsNotFlushedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		s := speak(t, c, Request{Text: "One ", ID: "open", Open: true})
		if err := errors.Join(s.Flush(), s.Append("two")); err != nil {
			t.Fatal(err)
		}
		p.drop()
		p = <-relay.peers
		if g := got[*protocol.Generate](p); g.Text != "One two" {
			t.Errorf("sent %+v", g)
		}
		p.silent()
	})
}

// Text that may have to be sent again is kept within bounds; what has been heard never has to.
func TestTextIsKeptWithinBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := newFakeRelay(t)
		c, p := relay.dial(Config{})
		s := speak(t, c, Request{Text: "x", ID: "open", Open: true})
		part, kept := strings.Repeat("x", 1024), 1
		var err error
		for ; err == nil && kept <= mostKept; kept += len(part) {
			err = s.Append(part)
		}
		refusedWith(t, err, protocol.CodeTextTooLong)
		if kept <= mostKept {
			t.Errorf("refused behind %d bytes", kept)
		}
		p.speaks("open", 'a')
		synctest.Wait()
		if err := s.Append(part); err != nil {
			t.Errorf("once it is heard: %v", err)
		}
	})
}
