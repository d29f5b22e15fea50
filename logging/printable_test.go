package logging

import "testing"

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"narrator":                    "narrator",
		"Zoë 声 🙂":                     "Zoë 声 🙂",
		"a\x1b[2Jb":                   `a\x1b[2Jb`,
		"one\ntwo\r\tthree":           `one\ntwo\r\tthree`,
		"a\u202eb\u009bc\x00d'\"\x7f": `a\u202eb\u009bc\x00d'"\x7f`,
		"\xff":                        `�`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q is printed as %q, want %q", text, got, want)
		}
	}
	if got := PrintableLines("a\x1b\nb"); got != "a\\x1b\nb" {
		t.Errorf("two lines are printed as %q", got)
	}
}
