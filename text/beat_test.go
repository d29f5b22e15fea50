package text

import (
	"testing"

	"pgregory.net/rapid"
)

func TestBeatsKnowThePausesOfPunctuation(t *testing.T) {
	tests := []struct {
		text string
		want []Pause
	}{
		{"One, two three. Four", []Pause{ClausePause, NoPause, SentencePause, NoPause}},
		{"“Well”, she said!", []Pause{ClausePause, NoPause, SentencePause}},
		{"It is 3.14 or 1,250.", []Pause{NoPause, NoPause, NoPause, NoPause, SentencePause}},
		{"نعم، شكرا؟", []Pause{ClausePause, SentencePause}},
		{"<spell>AB</spell>, then", []Pause{NoPause, ClausePause, NoPause}},
	}
	for _, test := range tests {
		var b Buffer
		b.Append(test.text)
		b.Finish()
		p, _ := NewCutter(&b, 0, Schedule{Gather: []int{1000}, Max: 1000}, true).Next(Now{})
		beats := p.Beats()
		if len(beats) != len(test.want) {
			t.Errorf("%q: got %v, want pauses %v", test.text, beats, test.want)
			continue
		}
		for i, want := range test.want {
			if beats[i].Pause != want {
				t.Errorf("%q: pause behind %q: got %v, want %v", test.text, beats[i].Text, beats[i].Pause, want)
			}
		}
	}
}

// The beats of a piece are its tokens, whatever the text.
func TestBeatsAreTheTokens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Buffer
		b.Append(rapid.String().Draw(t, "text"))
		b.Finish()
		c := NewCutter(&b, 0, Schedule{Gather: []int{5}, Max: 30}, rapid.Bool().Draw(t, "spell"))
		for {
			p, ok := c.Next(Now{Idle: true})
			if !ok {
				return
			}
			tokens, beats := p.Tokens(), p.Beats()
			if len(tokens) != len(beats) {
				t.Fatalf("%d beats of %d tokens", len(beats), len(tokens))
			}
			for i := range tokens {
				if beats[i].Token != tokens[i] {
					t.Fatalf("beat %d is %v, want %v", i, beats[i].Token, tokens[i])
				}
			}
			if p.Last {
				return
			}
		}
	})
}
