package downstreamtest

import (
	"context"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// words expects the times of all words, in their order, on the audio that was heard.
func words(p play) {
	c := p.dial()
	defer c.Hangup()
	c.Say("a", relaytest.TwelveWords+" ")
	c.Say("a", another)
	c.End("a")
	p.timed(listen(p.T, c, "a").spoken("a", relaytest.TwelveWords+another), relaytest.TwelveWords+" "+another)
}

// timed expects each word of a text once, as it is written, where it is in a turn's audio.
func (p play) timed(of *turn, text string) {
	p.Helper()
	want := p.asTold(text)
	if len(of.words) != len(want) {
		p.Fatalf("%d words are told, want %d: %v", len(of.words), len(want), of.words)
	}
	var last time.Duration
	for i, w := range of.words {
		if got := strings.TrimSpace(w.Text); got != want[i] {
			p.Errorf("word %d is %q, want %q", i, got, want[i])
		}
		if w.Start < last-time.Millisecond || w.End < w.Start || w.End > of.length()+time.Millisecond {
			p.Errorf("%q lasts from %v to %v, after %v, of %v", w.Text, w.Start, w.End, last, of.length())
		}
		last = w.Start
		p.saidAt(of, w)
	}
}

// asTold are the words of a text as clients of the dialect are told them.
func (p play) asTold(text string) []string {
	told := strings.Fields(text)
	for i, w := range told {
		if p.d.Unpunctuated {
			told[i] = strings.TrimRight(w, ".,")
		}
	}
	return told
}

// saidAt expects a word's letters in the audio of its time.
func (p play) saidAt(of *turn, w Word) {
	p.Helper()
	at := func(d time.Duration) int {
		return min(len(of.pcm), int(d.Milliseconds())*relaytest.FakeRate/1000*2)
	}
	if got, want := relaytest.Heard(of.pcm[at(w.Start):at(w.End)]), relaytest.Letters(w.Text); !strings.Contains(want, strings.Trim(got, "~")) || got == "" {
		p.Errorf("from %v to %v %q is heard, want %q", w.Start, w.End, got, want)
	}
}

func badKey(p play) {
	if err := p.refusal(Caller{Key: "token-that-is-wrong", Voice: Voice}); refusedWith(err) != 401 {
		p.Errorf("a wrong key: %v, want 401", err)
	}
	if err := p.refusal(Caller{Voice: Voice}); refusedWith(err) != 401 {
		p.Errorf("no key: %v, want 401", err)
	}
}

// refusal is why a caller does not get its turn.
func (p play) refusal(as Caller) error {
	c, err := p.d.Dial(p.r, as)
	if err != nil {
		return err
	}
	defer c.Hangup()
	c.Say("a", another)
	c.End("a")
	l := listen(p.T, c, "a")
	l.untilOver("a")
	return l.end
}

func tooManyConnections(p play) {
	defer p.dial().Hangup()
	if _, err := p.d.Dial(p.r, Caller{Key: Key, Voice: Voice}); refusedWith(err) != 429 {
		p.Errorf("a second connection of one: %v, want 429", err)
	}
}

// tooManyTurns expects that a turn beyond the rate is refused as clients understand it, and that one comes through later.
func tooManyTurns(p play) {
	say := func(c Client, name string) (*turn, error) {
		c.Say(name, another)
		c.End(name)
		l := listen(p.T, c, name)
		return l.untilOver(name), l.end
	}
	c := p.dial()
	defer func() { c.Hangup() }()
	again := func() Client {
		if p.d.Turns {
			return c
		}
		c.Hangup()
		return p.dial()
	}
	if of, err := say(c, "a"); !of.over {
		p.Fatalf("the first turn: %+v, %v", of, err)
	}
	c = again()
	if of, err := say(c, "b"); len(of.pcm) > 0 || of.failed == "" && !of.over && refusedWith(err) != 429 {
		p.Errorf("the second turn within a minute: %d bytes, failure %q, %v; want a refusal", len(of.pcm), of.failed, err)
	}
	time.Sleep(time.Minute)
	c = again()
	if of, err := say(c, "c"); of.heard() != relaytest.Letters(another) {
		p.Errorf("a minute later: heard %q, %v", of.heard(), err)
	}
}

func unknownVoice(p play) {
	c, err := p.d.Dial(p.r, Caller{Key: Key, Voice: "nobody"})
	if err == nil {
		defer c.Hangup()
		c.Say("a", another)
		c.End("a")
		l := listen(p.T, c, "a")
		if of := l.untilOver("a"); len(of.pcm) > 0 || of.over && of.failed == "" {
			p.Errorf("an unknown voice: %d bytes of audio, over %v", len(of.pcm), of.over)
			return
		} else if of.failed != "" {
			return
		}
		err = l.end
	}
	if status := refusedWith(err); status < 400 || status > 404 {
		p.Errorf("an unknown voice: %v, want a status of 400 to 404", err)
	}
}

// failover expects that a client hears every word once and notices nothing, where a vendor breaks off in a word.
func failover(p play) {
	for _, after := range []int{9, 20, 44} {
		p.r.First.Breaks(after, errGone)
		c := p.dial()
		c.Say("a", relaytest.TwelveWords)
		c.End("a")
		l := listen(p.T, c, "a")
		of := l.untilOver("a")
		if got := strings.ReplaceAll(of.heard(), "~", ""); !of.over || of.failed != "" || !saysOnce(got, relaytest.TwelveWords) {
			p.Errorf("a vendor gone after %d letters: heard %q, over %v, failure %q, end %v", after, of.heard(), of.over, of.failed, l.end)
		}
		if p.d.Words {
			p.monotonic(of, relaytest.TwelveWords)
		}
		c.Hangup()
	}
}

// oneVoice expects that the turn after a failover is spoken by who took over, though the first target is well again.
func oneVoice(p play) {
	c := p.dial()
	defer c.Hangup()
	p.r.First.Breaks(20, errGone)
	c.Say("a", relaytest.TwelveWords)
	c.End("a")
	listen(p.T, c, "a").untilOver("a")
	p.r.First.Breaks(0, nil)
	_, before := p.r.First.Crowd()
	c.Say("b", another)
	c.End("b")
	listen(p.T, c, "b").spoken("b", another)
	if _, after := p.r.First.Crowd(); after != before {
		p.Errorf("the first target was asked %d times more: its caller hears another voice in the middle of a call", after-before)
	}
}

// saysOnce reports whether all words of a text are heard in their order, but for the letters of one that was cut and is said
// again.
func saysOnce(heard, text string) bool {
	letters := relaytest.Letters(text)
	if heard == letters {
		return true
	}
	for _, w := range strings.Fields(text) {
		word := relaytest.Letters(w)
		at := strings.Index(letters, word)
		for n := 1; n < len(word); n++ {
			if heard == letters[:at]+word[:n]+letters[at:] {
				return true
			}
		}
	}
	return false
}

// monotonic expects each word of a text once, in the order of its times.
func (p play) monotonic(of *turn, text string) {
	p.Helper()
	var told []string
	var last time.Duration
	for _, w := range of.words {
		told = append(told, strings.TrimSpace(w.Text))
		if w.Start < last-time.Millisecond {
			p.Errorf("%q begins at %v, after one at %v", w.Text, w.Start, last)
		}
		last = w.Start
	}
	if want := p.asTold(text); !slices.Equal(told, want) {
		p.Errorf("the words told are %q, want %q", told, want)
	}
}

func allDead(p play) {
	p.r.First.Refuse, p.r.Second.Refuse = errGone, errGone
	c := p.dial()
	defer func() { c.Hangup() }()
	c.Say("a", another)
	c.End("a")
	l, began := listen(p.T, c, "a"), time.Now()
	of := l.untilOver("a")
	if len(of.pcm) > 0 || of.failed == "" && refusedWith(l.end) < 500 {
		p.Errorf("%d bytes of audio, failure %q, end %v; want a failure", len(of.pcm), of.failed, l.end)
	}
	if took := time.Since(began); took > 10*time.Second {
		p.Errorf("the failure took %v", took)
	}
}

// allDieSpeaking expects that speech which breaks off is not taken for the whole.
func allDieSpeaking(p play) {
	p.r.First.Breaks(9, errGone)
	p.r.Second.Breaks(9, errGone)
	c := p.dial()
	defer c.Hangup()
	c.Say("a", relaytest.TwelveWords)
	c.End("a")
	l := listen(p.T, c, "a")
	of := l.untilOver("a")
	if len(of.pcm) == 0 {
		p.Fatal("nothing was heard")
	}
	switch {
	case p.d.TellsFailure && of.failed == "":
		p.Errorf("over %v, end %v; want a failure", of.over, l.end)
	case !p.d.TellsFailure && (of.over || l.end == nil || wasClosed(l.end)):
		p.Errorf("over %v, end %v; want a break", of.over, l.end)
	}
}

// emptyTurn expects an end, and a moment of silence, where there is nothing to speak.
func emptyTurn(p play) {
	c := p.dial()
	defer c.Hangup()
	c.Say("a", "… ")
	c.End("a")
	l := listen(p.T, c, "a")
	of := l.untilOver("a")
	if !of.over || of.failed != "" || of.heard() != "" || !p.d.Bare && of.length() < 100*time.Millisecond {
		p.Errorf("over %v, failure %q, heard %q in %v, end %v; want 100 ms of silence", of.over, of.failed, of.heard(), of.length(), l.end)
	}
}

// drain expects that a relay which goes away lets a turn end, and then ends the connection.
func drain(p play) {
	c := p.dial()
	defer c.Hangup()
	c.Say("a", relaytest.TwelveWords)
	c.End("a")
	l := listen(p.T, c, "a")
	l.untilAudio()
	gone := make(chan struct{})
	go func() {
		p.r.Server.Drain(context.Background(), time.Minute)
		close(gone)
	}()
	l.spoken("a", relaytest.TwelveWords)
	if p.d.Turns {
		for l.end == nil {
			l.next()
		}
	}
	<-gone
}

// slowReader expects that a client which does not read for a while delays nobody else, and still gets all.
func slowReader(p play) {
	slow := p.dial()
	defer slow.Hangup()
	text := strings.Repeat(relaytest.TwelveWords+" ", 4)
	slow.Say("a", text)
	slow.End("a")
	other := p.dial()
	defer other.Hangup()
	other.Say("b", another)
	other.End("b")
	listen(p.T, other, "b").spoken("b", another)
	time.Sleep(30 * time.Second)
	synctest.Wait()
	listen(p.T, slow, "a").spoken("a", text)
}
