package downstreamtest

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// play is a test of the suite: a relay and a dialect.
type play struct {
	*testing.T
	d Dialect
	r *Relay
}

// dial opens a client that must be taken.
func (p play) dial() Client {
	p.Helper()
	c, err := p.d.Dial(p.r, Caller{Key: Key, Voice: Voice})
	if err != nil {
		p.Fatal(err)
	}
	return c
}

var errGone = &upstream.Error{Kind: upstream.Dropped, Message: "gone"}

const another = "Say seven more words for me now."

func wholeText(p play) {
	c := p.dial()
	defer c.Hangup()
	c.Say("a", relaytest.TwelveWords)
	c.End("a")
	listen(p.T, c, "a").spoken("a", relaytest.TwelveWords)
}

func tokens(p play) {
	c := p.dial()
	defer c.Hangup()
	text := relaytest.TwelveWords + " " + another
	for from := 0; from < len(text); from += 3 {
		c.Say("a", text[from:min(from+3, len(text))])
		time.Sleep(5 * time.Millisecond)
	}
	c.End("a")
	listen(p.T, c, "a").spoken("a", text)
}

func flush(p play) {
	c := p.dial()
	defer c.Hangup()
	c.Say("a", "One two")
	c.Flush("a")
	l := listen(p.T, c, "a")
	l.untilAudio() // though neither a sentence nor the text has ended
	c.Say("a", " three four.")
	c.End("a")
	l.spoken("a", "One two three four.")
}

func twoTurns(p play) {
	c := p.dial()
	defer c.Hangup()
	for name, text := range map[string]string{"a": relaytest.TwelveWords, "b": another} {
		c.Say(name, text)
		c.End(name)
		listen(p.T, c, name).spoken(name, text)
		time.Sleep(time.Minute) // between turns
	}
}

func parallel(p play) {
	c := p.dial()
	defer c.Hangup()
	c.Say("a", relaytest.TwelveWords)
	c.Say("b", another)
	c.End("b")
	c.End("a")
	l := listen(p.T, c, "a", "b")
	l.spoken("b", another)
	l.spoken("a", relaytest.TwelveWords)
}

// long lasts for 20 seconds at the vendors' pace.
func long() (text string) {
	for range 25 {
		text += relaytest.TwelveWords + " "
	}
	return text
}

func bargeIn(p play) {
	c := p.dial()
	defer c.Hangup()
	c.Say("a", long())
	if !p.d.Tokens {
		c.End("a")
	}
	l := listen(p.T, c, "a")
	l.untilAudio()
	if !p.d.Interrupt {
		c.Hangup()
		p.vendorsRest()
		return
	}
	c.Interrupt("a")
	p.goesOn(c, l)
}

func bargeInAfterTheText(p play) {
	c := p.dial()
	defer c.Hangup()
	c.Say("a", long())
	c.End("a")
	l := listen(p.T, c, "a")
	l.untilAudio()
	c.Interrupt("a")
	p.goesOn(c, l)
}

// goesOn expects that a turn which was broken off ends soon, that its vendors stop, and that the next one is spoken.
func (p play) goesOn(c Client, l *listener) {
	p.Helper()
	began := time.Now()
	a := l.untilOver("a")
	if took := time.Since(began); !a.over || took > time.Second {
		p.Fatalf("the turn is over: %v, after %v, end %v", a.over, took, l.end)
	}
	if a.length() > 15*time.Second {
		p.Errorf("%v of audio came", a.length())
	}
	p.vendorsRest()
	if p.d.Turns {
		c.Say("b", another)
		c.End("b")
		listen(p.T, c, "b").spoken("b", another)
	}
}

// vendorsRest expects that no vendor speaks a tenth of a second later.
func (p play) vendorsRest() {
	p.Helper()
	time.Sleep(100 * time.Millisecond)
	synctest.Wait()
	if n := p.r.First.StreamsOpen() + p.r.Second.StreamsOpen(); n > 0 {
		p.Errorf("%d streams at vendors after 100 ms, want none", n)
	}
}
