package deepgram

import (
	"encoding/json"
	"strings"
)

// Within a text, Deepgram's clients may say how a word is pronounced, by an object such as \{"word": "Nguyen", "pronounce": "wɪn"\}.
// No other vendor knows that, so the word alone is spoken. Other objects of that form, such as pauses, are left out.
const (
	controlOpens  = `\{`
	controlCloses = `\}`
	// maxControl is how much of a text may wait for an object's end: the vendor takes 200 bytes of phonetic symbols at most.
	maxControl = 1 << 10
)

// controls takes objects out of a text that comes in pieces, within which they may be cut anywhere. The zero value has none yet.
type controls struct{ held string }

// take is what to speak by now, with the next piece of the text.
func (c *controls) take(piece string) string {
	rest := c.held + piece
	c.held = ""
	var spoken strings.Builder
	for {
		before, after, found := strings.Cut(rest, controlOpens)
		spoken.WriteString(before)
		if !found {
			return c.hold(spoken.String())
		}
		inside, behind, closed := strings.Cut(after, controlCloses)
		switch {
		case closed && len(inside) < maxControl:
			spoken.WriteString(wordOf(inside))
			rest = behind
		case !closed && len(after) < maxControl:
			c.held = controlOpens + after
			return spoken.String()
		default: // none, then
			spoken.WriteString(controlOpens)
			rest = after
		}
	}
}

// hold keeps back what may be the first half of an object's beginning.
func (c *controls) hold(text string) string {
	spoken, half := strings.CutSuffix(text, controlOpens[:1])
	if half {
		c.held = controlOpens[:1]
	}
	return spoken
}

// rest is what is left at the text's end: no object, since it has no end.
func (c *controls) rest() string {
	rest := c.held
	c.held = ""
	return rest
}

// wordOf is what is spoken of an object's inside. What is no object stays as it is.
func wordOf(inside string) string {
	var control struct {
		Word string `json:"word"`
	}
	if json.Unmarshal([]byte("{"+inside+"}"), &control) != nil {
		return controlOpens + inside + controlCloses
	}
	return control.Word
}

// withoutControls is a whole text without its objects.
func withoutControls(text string) string {
	var c controls
	spoken := c.take(text)
	return spoken + c.rest()
}
