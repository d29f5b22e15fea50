package billing

import (
	"encoding/csv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNoFormulaInCSV(t *testing.T) {
	for text, want := range map[string]string{
		`=HYPERLINK("http://x","y")`: `"'=HYPERLINK(""http://x"",""y"")"`,
		"@SUM(1)":                    "'@SUM(1)",
		"-1+1":                       "'-1+1",
		"+1+1":                       "'+1+1",
		"  =1+1":                     "'  =1+1",
		"\t=1+1":                     "\"'\t=1+1\"",
		"\r=1":                       "\"'\r=1\"",
		"＝1+1":                       "'＝1+1",
		"-":                          "'-",
		"-1e5":                       "'-1e5",
		"-0.001800":                  "-0.001800",
		"-12":                        "-12",
		"+3":                         "+3",
		"0.250000":                   "0.250000",
		"kugel-3":                    "kugel-3",
		"a=b":                        "a=b",
		"a;=1+1":                     `"a;=1+1"`,
		"a,b":                        `"a,b"`,
		"größer":                     "größer",
		"":                           "",
		`{"call":"7"}`:               `"{""call"":""7""}"`,
	} {
		var out strings.Builder
		if err := WriteCSV(&out, [][]string{{text, "x"}}); err != nil || out.String() != want+",x\n" {
			t.Errorf("%q is written as %q, %v, want %q", text, out.String(), err, want+",x\n")
		}
	}
}

// Any text is read back as it was, but for the apostrophe.
func TestCSVIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("=+-@;, \"'\t\r\n1a"))))
		rows := [][]string{{"first", cell.Draw(t, "a"), cell.Draw(t, "b")}}
		var out strings.Builder
		if err := WriteCSV(&out, rows); err != nil {
			t.Fatal(err)
		}
		got, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil || len(got) != 1 {
			t.Fatalf("%q is read as %q, %v", out.String(), got, err)
		}
		for i, want := range rows[0] {
			want = strings.ReplaceAll(want, "\r\n", "\n") // the reader's own doing
			if g := got[0][i]; g != want && g != "'"+want {
				t.Fatalf("%q is read back as %q", want, g)
			}
		}
	})
}

// A cell is one cell for each reader, with at most an apostrophe before its text, and begins no formula.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"=1+1", " =1", "\t@x", "-12", "-1e5", "a,b", "a;b", "\"", "\r\n=1", "'x", "＝1", "\x00", "\xff=", "+", ""} {
		f.Add(seed, "x")
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		var out strings.Builder
		if err := WriteCSV(&out, [][]string{{one, other}}); err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(strings.NewReader(out.String()))
		r.FieldsPerRecord = 2
		rows, err := r.ReadAll()
		if err != nil || len(rows) != 1 {
			t.Fatalf("%q and %q are written as %q: %d rows, %v", one, other, out.String(), len(rows), err)
		}
		for i, text := range []string{one, other} {
			cell := rows[0][i]
			text = strings.ReplaceAll(text, "\r\n", "\n") // as the reader has it within quotes
			if cell != text && cell != "'"+text {
				t.Errorf("%q comes back as %q", text, cell)
			}
			bare := strings.TrimLeft(cell, " \t\r\n")
			if bare != "" && strings.ContainsAny(bare[:1], "=+-@") && !number.MatchString(strings.TrimLeft(cell, " ")) {
				t.Errorf("%q begins a formula as %q", text, cell)
			}
		}
	})
}
