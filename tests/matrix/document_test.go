package matrix

import (
	"os"
	"testing"

	"voicerelay/tests/document"
)

// fill writes a generated part into a document.
func fill(t *testing.T, path, part, text string) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	filled, err := document.Fill(string(page), part, text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if err := os.WriteFile(path, []byte(filled), 0o644); err != nil {
		t.Fatal(err)
	}
}
