package billing

import (
	"bufio"
	"io"
	"regexp"
	"strings"
)

// WriteCSV writes rows of text as RFC 4180 has it, for spreadsheets too: what one of them would take for a formula stands
// after an apostrophe, as OWASP says of CSV injection, and no semicolon or tab ends a cell. Numbers stay as they are, also
// negative ones.
func WriteCSV(w io.Writer, rows [][]string) error {
	out := bufio.NewWriter(w)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				_ = out.WriteByte(',') // Flush says so if anything failed
			}
			_, _ = out.WriteString(csvCell(cell))
		}
		_ = out.WriteByte('\n')
	}
	return out.Flush()
}

// formulas is what the text of a formula begins with: the signs, also in full width, and what spreadsheets skip before one.
const formulas = "=+-@＝＋－＠\t\r\n"

var number = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

func csvCell(text string) string {
	bare := strings.TrimLeft(text, " ")
	if bare != "" && strings.ContainsAny(firstRune(bare), formulas) && !number.MatchString(bare) {
		text = "'" + text
	}
	if !strings.ContainsAny(text, ",;\"\t\r\n") && strings.TrimSpace(text) == text {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}
