package minimax

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// TestGoldenTranscripts plays the vendor's side of each transcript while the adapter does what makes the client's, or what comes
// nearest to it: where text is spoken without a flush it sends one.
func TestGoldenTranscripts(t *testing.T) {
	goldentest.Each(t, "minimax", "*.jsonl", func(t *testing.T, x goldentest.Exchange) {
		if !strings.HasSuffix(x.Path, "_bidi") {
			return // the older socket, which the adapter does not speak over
		}
		started := slices.IndexFunc(x.Lines, func(e goldentest.Entry) bool { return e.Object()["event"] == eventStarted })
		if started < 0 {
			refused(t, x.Lines)
			return
		}
		p := newPlayer(t, func(c *upstreamtest.Conn) {
			c.Send(says(eventConnected, nil, 0))
			c.Send(says(eventStarted, nil, 0))
		})
		p.Play(p, x.Lines[started+1:])
		p.Check()
	})
}

// refused has no session begin.
func refused(t *testing.T, lines []goldentest.Entry) {
	if lines[0].Refuse != 0 {
		p := newPlayer(t, nil)
		p.Play(p, lines)
		return
	}
	var kind upstream.Kind
	p := newPlayer(t, func(c *upstreamtest.Conn) {
		for _, e := range lines {
			if f := e.Object(); e.Dir == "s2c" && f != nil {
				c.Send(f)
			}
		}
	})
	for _, e := range lines {
		if code := codeIn(e); code != 0 {
			kind = kinds[code]
		}
	}
	p.WantRefused(kind)
}

// codeIn is the code of a line's frame.
func codeIn(e goldentest.Entry) int {
	resp, _ := e.Object()["base_resp"].(map[string]any)
	code, _ := resp["status_code"].(float64)
	return int(code)
}

// player is one exchange being played. A stream is a session up to its cancel, or to its error.
type player struct {
	*goldentest.Player
	ended int // pieces of the latest stream
	lost  int // texts that were left out
	heard bool
}

func newPlayer(t *testing.T, greet func(*upstreamtest.Conn)) *player {
	return &player{Player: goldentest.NewPlayer(t, goldentest.Setup{Open: openDefault, Request: testRequest, Key: testKey, Greet: greet})}
}

// stream is the latest one, or a new one where that is over.
func (p *player) stream() *goldentest.Stream {
	if n := len(p.Streams); n > 0 && !p.Streams[n-1].Over() {
		return p.Streams[n-1]
	}
	p.ended, p.lost, p.heard = 0, 0, false
	return p.Open(fmt.Sprint("s", len(p.Streams)))
}

// commit speaks what there is of text, if anything.
func (p *player) commit() {
	if s := p.stream(); strings.TrimSpace(s.Text) != "" {
		s.Speak(false)
	}
}

// Act does what makes the client's frame.
func (p *player) Act(e goldentest.Entry) {
	f := e.Object()
	switch f["event"] {
	case eventContinue:
		text, _ := f["text"].(string)
		p.stream().Text += text
	case eventFlush, "task_finish":
		p.commit()
	case eventCancel:
		p.stream().Stop()
	}
}

// Say sends the vendor's frame, and notes what must come of it.
func (p *player) Say(e goldentest.Entry) {
	f := e.Object()
	if n := len(p.Streams); n > 0 && p.Streams[n-1].Stopped {
		p.Streams[n-1].Conn.Send(f) // late, or the cancel's answer
		return
	}
	s := p.stream()
	data, _ := f["data"].(map[string]any)
	switch code := codeIn(e); {
	case code == codeQueued:
		p.commit()
		p.lost++
	case code != 0:
		p.commit()
		s.MustEnd(kinds[code])
	case data["audio"] != nil:
		p.commit()
		data["audio"] = hex.EncodeToString(make([]byte, 9600))
		s.Hear(9600, 0)
		p.heard = true
	case f["event"] == eventFlushed && p.ended < s.Ordered:
		if p.lost > 0 && !p.heard {
			p.lost--
			break // it is sent again
		}
		p.ended++
		s.Pieces, p.heard = p.ended, false
	case f["event"] == eventFinished:
		s.MustEnd(upstream.Dropped)
	}
	s.Conn.Send(f)
}

// Close closes the socket.
func (p *player) Close(code int) { p.CloseAll(code, upstream.CloseError(closeCodes, code).Kind) }

// Refused is as HTTP has it.
func (p *player) Refused(status int) upstream.Kind { return upstream.RefusedKind(status) }
