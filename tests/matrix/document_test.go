package matrix

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// document writes a generated part into a document.
func document(t *testing.T, path, part, text string) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := fmt.Sprintf("<!-- generated: %s -->\n", part), "<!-- end -->"
	before, rest, begins := strings.Cut(string(page), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		t.Fatalf("%s has no place for %s", path, part)
	}
	if err := os.WriteFile(path, fmt.Append(nil, before, begin, text, end, after), 0o644); err != nil {
		t.Fatal(err)
	}
}
