package tests

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// An utterance is one generation as the rules of section 3 see it.
type utterance struct {
	id    string
	asks  []ask // generates with this id that are not answered yet, oldest first
	state state

	// Known since it was accepted.
	text           []rune // all that was sent; code points
	finished       bool   // the end of the text was sent
	appendsRefused int
	output         format
	words          bool // timestamps were asked for
	record         string
	played         int // cancels with played times that named it

	// What has come of it.
	provider    string // the one last heard
	seq         int64
	samples     int64 // at output.Rate
	last        timedWord
	spokenWords []timedWord
}

// An ask is one generate.
type ask struct {
	text   []rune
	output format
	words  bool
	final  bool
}

type state string

const (
	unasked  state = ""
	refused  state = "refused"
	accepted state = "accepted"
	started  state = "started"
	ended    state = "ended"
)

// append adds text that the client sends later. Text of a generate that is not answered yet belongs to the last one.
func (g *utterance) append(text string, final bool) {
	if n := len(g.asks); n > 0 && g.state != accepted && g.state != started {
		g.asks[n-1].text = append(g.asks[n-1].text, []rune(text)...)
		g.asks[n-1].final = g.asks[n-1].final || final
		return
	}
	if g.state == ended {
		return
	}
	g.text = append(g.text, []rune(text)...)
	g.finished = g.finished || final
}

// audioMS is the audio sent so far, on the generation's own clock.
func (g *utterance) audioMS() int64 {
	if g.output.Rate == 0 {
		return 0
	}
	return g.samples * 1000 / int64(g.output.Rate)
}

func (g *utterance) received(m message) error {
	allowed := map[string][]state{
		"accepted": {unasked, refused}, "started": {accepted}, "audio": {started}, "timestamps": {started},
		"rerouted": {started}, "done": {accepted, started}, "spoken": {ended},
	}
	if !slices.Contains(allowed[m.kind], g.state) {
		return fmt.Errorf("%s of %q, whose state is %q", m.kind, g.id, g.state)
	}
	switch m.kind {
	case "accepted":
		return g.accepted(m)
	case "started":
		return g.started(m)
	case "audio":
		return g.audio(m)
	case "timestamps":
		return g.checkWords(m.Words)
	case "rerouted":
		return g.rerouted(m)
	case "done":
		return g.done(m)
	default:
		return g.spokenLater(m)
	}
}

func (g *utterance) accepted(m message) error {
	if len(g.asks) == 0 {
		return errors.New("accepted answers no generate")
	}
	a := g.asks[0]
	g.asks = g.asks[1:]
	g.text, g.output, g.words, g.finished = a.text, a.output, a.words, a.final
	g.state, g.record = accepted, m.RecordID
	return nil
}

func (g *utterance) refused(m message) error {
	g.asks = g.asks[1:]
	switch running := g.state == accepted || g.state == started || g.state == ended; {
	case running && m.Code == "duplicate_request":
		return nil
	case running && m.Code != "invalid_request":
		return fmt.Errorf("a second %q was refused as %s", g.id, m.Code)
	case running:
		return nil
	}
	g.state = refused
	return nil
}

func (g *utterance) started(m message) error {
	if m.Output != g.output {
		return fmt.Errorf("started in %v, asked for %v", m.Output, g.output)
	}
	g.state, g.provider = started, m.Provider
	return nil
}

func (g *utterance) audio(m message) error {
	switch {
	case m.Seq != g.seq:
		return fmt.Errorf("seq %d, want %d", m.Seq, g.seq)
	case m.StartMS != g.audioMS():
		return fmt.Errorf("start_ms %d after %d samples at %d Hz, want %d", m.StartMS, g.samples, g.output.Rate, g.audioMS())
	case m.Samples == 0 && !g.output.compressed():
		return errors.New("audio without samples")
	}
	body, err := g.withoutHeader(m)
	if err != nil {
		return err
	}
	if !g.output.compressed() && int64(len(body)) != m.Samples*g.output.sampleSize() {
		return fmt.Errorf("%d samples in %d bytes of %s", m.Samples, len(body), g.output.Encoding)
	}
	g.seq++
	g.samples += m.Samples
	return nil
}

// withoutHeader is a frame's samples; the first frame of a wav has the streaming header before them.
func (g *utterance) withoutHeader(m message) ([]byte, error) {
	if g.output.Encoding != "wav" || g.seq > 0 {
		return m.Audio, nil
	}
	if !bytes.HasPrefix(m.Audio, wavHeader(g.output.Rate)) {
		return nil, fmt.Errorf("a wav that begins with % x", m.Audio[:min(44, len(m.Audio))])
	}
	return m.Audio[44:], nil
}

func (g *utterance) rerouted(m message) error {
	switch {
	case m.From != g.provider:
		return fmt.Errorf("rerouted from %s, but %s was heard last", m.From, g.provider)
	case m.ResumeChar > len(g.text):
		return fmt.Errorf("resumed at %d of a text of %d", m.ResumeChar, len(g.text))
	case m.ResumeMS > g.audioMS():
		return fmt.Errorf("resumed at %d ms after %d ms of audio", m.ResumeMS, g.audioMS())
	}
	g.provider = m.To
	g.last.CharEnd = min(g.last.CharEnd, m.ResumeChar) // a word in doubt is repeated
	return nil
}

func (g *utterance) spokenLater(m message) error {
	if g.played == 0 {
		return errors.New("spoken answers no cancel with played times")
	}
	g.played--
	return g.checkSpoken(*m.Spoken)
}

func (g *utterance) checkSpoken(s spoken) error {
	if s.Char > len(g.text) {
		return fmt.Errorf("spoken up to %d of a text of %d", s.Char, len(g.text))
	}
	return nil
}

// checkWords holds timestamps against the text and the audio sent so far.
func (g *utterance) checkWords(words []timedWord) error {
	if !g.words {
		return errors.New("timestamps that nobody asked for")
	}
	if len(words) == 0 {
		return errors.New("timestamps without words")
	}
	for _, w := range words {
		if w.CharStart < 0 || w.CharEnd > len(g.text) || w.CharStart >= w.CharEnd {
			return fmt.Errorf("word %q at %d..%d of a text of %d", w.Word, w.CharStart, w.CharEnd, len(g.text))
		}
		switch there := string(g.text[w.CharStart:w.CharEnd]); {
		case there != w.Word:
			return fmt.Errorf("word %q, but the text at %d..%d says %q", w.Word, w.CharStart, w.CharEnd, there)
		case w.CharStart < g.last.CharEnd:
			return fmt.Errorf("word %q at %d after one that ended at %d", w.Word, w.CharStart, g.last.CharEnd)
		case w.StartMS > w.EndMS || w.StartMS < g.last.StartMS || w.EndMS < g.last.EndMS:
			return fmt.Errorf("word %q at %d..%d ms after one at %d..%d ms", w.Word, w.StartMS, w.EndMS, g.last.StartMS, g.last.EndMS)
		case w.EndMS > g.audioMS():
			return fmt.Errorf("word %q ends at %d ms, but only %d ms of audio were sent", w.Word, w.EndMS, g.audioMS())
		}
		g.last = w
		g.spokenWords = append(g.spokenWords, w)
	}
	return nil
}
