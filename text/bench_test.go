package text

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const prose = "Dr. Smith said that 1,250 people came on 2026-11-21, and paid $5.00 each. Was it <spell>AB1</spell>? 你好，世界。 "

// llmTokens divides a text of n characters as a language model gives it.
func llmTokens(unit string, n int) []string {
	text := []rune(strings.Repeat(unit, n/len([]rune(unit))+1))[:n]
	var out []string
	for i := 0; i < len(text); i += 4 {
		out = append(out, string(text[i:min(i+4, len(text))]))
	}
	return out
}

// grow appends token by token and asks for pieces behind each; it returns how many there were.
func grow(tokens []string, s Schedule, now Now) int {
	var b Buffer
	c, pieces := NewCutter(&b, 0, s, true), 0
	for _, tok := range tokens {
		b.Append(tok)
		for _, ok := c.Next(now); ok; _, ok = c.Next(now) {
			pieces++
		}
		c.Unsettled()
	}
	b.Finish()
	for _, ok := c.Next(now); ok; _, ok = c.Next(now) {
		pieces++
	}
	return pieces
}

func BenchmarkCutterTokens(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		tokens := llmTokens(prose, n)
		b.Run(fmt.Sprintf("%d characters", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				grow(tokens, Schedule{Gather: []int{40, 100, 200}, Max: 400}, Now{})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(tokens)), "ns/token")
		})
	}
}

func BenchmarkTokens(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(prose)))
	for b.Loop() {
		Tokens(prose, 0)
	}
}

func BenchmarkAligner(b *testing.B) {
	p := pieceOf(strings.Repeat(prose, 3))
	words := speak(strings.Repeat("doctor smith said that one thousand two hundred fifty people came on november twenty first and paid five dollars each was it a b one 你 好 世 界 ", 3))
	b.ReportAllocs()
	for b.Loop() {
		a := NewAligner(p)
		for i := range words {
			a.Add(words[i : i+1])
		}
		a.Finish()
	}
}

// Ten times the text costs ten times the work, not a hundred times, whatever it is made of.
func TestCutterIsNotQuadratic(t *testing.T) {
	for name, unit := range map[string]string{
		"prose": prose, "one word": "abcd", "no word": "!", "spaces": " ", "never closed": "<spell>a", "tags": "<b>", "brackets": "<", "quotes": `<a b="`,
		"abbreviations": "etc. ", "full stops": "a.", "emoji": "👍🏽", "marks": "a\u0301\u0301", "Chinese": "你。", "Thai": "ก ", "newlines": "a\n",
	} {
		for _, s := range []Schedule{{Gather: []int{40}, Max: 400}, {Gather: []int{1 << 30}, Max: 1 << 30}} {
			small, large := llmTokens(unit, 4_000), llmTokens(unit, 40_000)
			took := func(tokens []string) time.Duration {
				start := time.Now()
				grow(tokens, s, Now{Settled: true})
				return time.Since(start)
			}
			short, long := time.Hour, time.Hour
			for try := 0; try < 20 && (try < 3 || long > 40*short+20*time.Millisecond); try++ { // others use the machine too
				short, long = min(short, took(small)), min(long, took(large))
			}
			if long > 40*short+20*time.Millisecond {
				t.Errorf("%s, at most %d: %v for 4,000 characters, %v for 40,000", name, s.Max, short, long)
			}
		}
	}
}
