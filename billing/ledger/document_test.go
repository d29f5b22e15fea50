package ledger

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The questions of docs/ledger.md have answers, and the page names every table.
func TestDocumentIsRight(t *testing.T) {
	page, err := os.ReadFile("../../docs/ledger.md")
	if err != nil {
		t.Fatal(err)
	}
	l, file := opened(t)
	r := entry("rec-1", "acme", morning)
	r.GenerationID = "reply-1"
	mustAdmit(t, l, r)
	mustClose(t, l, finished(r))
	mustAdmit(t, l, entry("rec-2", "acme", morning.Add(time.Second)))

	reader, err := OpenReader(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }() // it only read
	questions := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(questions) < 4 {
		t.Errorf("%d questions on the page, want at least 4", len(questions))
	}
	for _, q := range questions {
		var rows int
		counted := "SELECT COUNT(*) FROM (" + strings.TrimSuffix(strings.TrimSpace(q[1]), ";") + ")"
		if err := reader.db.QueryRowContext(t.Context(), counted).Scan(&rows); err != nil || rows == 0 {
			t.Errorf("%d rows, %v, want some for\n%s", rows, err, q[1])
		}
	}
	for _, table := range regexp.MustCompile(`CREATE TABLE (\w+)`).FindAllStringSubmatch(schema, -1) {
		if !strings.Contains(string(page), "| `"+table[1]+"` |") {
			t.Errorf("the page does not name the table %s", table[1])
		}
	}
}
