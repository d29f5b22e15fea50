package text

import (
	"strings"
	"testing"
)

// TestFullStopsThatGoOn has texts come in parts, with a pause behind each that is long enough for a sentence's end: nothing is
// cut at a bar, which stands where a part ends, before the text is finished.
func TestFullStopsThatGoOn(t *testing.T) {
	for _, parts := range []string{
		"It costs $3|.|5 million in all", "Pi is 3|.|14 or so", "Pi is 3|.|1|4", "at 9|.|30 sharp", "a 0|.|5 share", "in 1|.|000|.|000 years",
		"on 192|.|168|.|0|.|1 now", "version 1|.|2|.|3 is out", "v2|.|0 of it", "see www|.|a|.|b for it", "see www|.|example|.|com", "at https://x|.|y/z",
		"write to me@x|.|org now", "at 5 p|.|m|. today", "at 5 a|.|m|.", "a Ph|.|D|. thesis", "the U|.|S|. army", "the U|.|K|.|-based firm", "See No|.| 5 there",
		"see p|.| 5 of it", "pp|.| 5 to 9", "Fig|.| 3 shows", "vol|.| 2 of it", "Sec|.| 4 of it", "ch|.| 7 of it", "on Jan|.| 5 we", "Dr|.| Smith is in",
		"Mr|.| X and", "Mrs|.| Y and", "Prof|.| Z is", "St|.| John is", "Messrs|.| A and B", "J|.| R|.| R|. Tolkien", "this vs|.| that", "approx|.| 5 of them",
		"e|.|g|.| this one", "i|.|e|.| that one", "apples etc|.| and so on", "Acme Inc|.| and others", "Jones Jr|.| and others", "et al|.| and more",
		"am 3|.| Mai um", "am 21|.| November", "z|.|B|.| dies hier", "d|.|h|.| das hier", "usw|.| und so", "bzw|.| das", "Nr|.| 7 dort", "ca|.| 5 davon",
		"Hr|.| Meier und", "los EE|.|UU|.| son", "la Sra|.| X y", "núm|.| 5 de", "pág|.| 5 de", "M|.| Dupont et", "Mme|.| X et", "p|.| 5 ceci",
		"il sig|.| X e", "dott|.| X e", "mele ecc|.| e pere", "bijv|.| dit hier", "d|.|w|.|z|.| dit", "np|.| to jest", "t|.|ex|.| det", "bl|.|a|.| det",
		"т|.|е|.| это", "и т|.|д|.| это", "ул|.| Мира", "kl|.| 5 idag", "٣|.|١٤ هنا", "£2|.|50 each", "1|.|5%| or so",
	} {
		t.Run(parts, func(t *testing.T) {
			var b Buffer
			c := NewCutter(&b, 0, Schedule{Max: 200}, true)
			for part := range strings.SplitSeq(parts, "|") {
				b.Append(part)
				if got := drain(c, settled); got != "" {
					t.Fatalf("behind %q: %q", part, got)
				}
			}
			b.Finish()
			if got, want := drain(c, busy), strings.ReplaceAll(parts, "|", "")+">"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// Sentences whose ends are as clear as can be are not waited for, and a flush never is.
func TestFullStopsThatEnd(t *testing.T) {
	for _, text := range []string{
		"So it is.", "I said no.", "He said “no.”", "It is done!", "Is it 5?", "It costs five dollars.", "See example.com.", "Mail me@x.org.", "Das ist gut.",
		"C'est bien.", "Está bien.", "Это так.", "That is (no. 5).", "It is all of 100%.", "That's it...",
	} {
		var b Buffer
		c := NewCutter(&b, 0, Schedule{Max: 200}, true)
		b.Append(text)
		if got := drain(c, settled); got != text {
			t.Errorf("settled: got %q, want %q", got, text)
		}
	}
	for _, text := range []string{"It is 3.", "See No.", "At 5 p.m.", "Ask Dr.", "See www."} {
		var b Buffer
		c := NewCutter(&b, 0, Schedule{Max: 200}, true)
		b.Append(text)
		b.Flush()
		if got := drain(c, idle); got != text {
			t.Errorf("flushed: got %q, want %q", got, text)
		}
	}
}
