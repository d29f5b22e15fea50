package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"voicerelay/tests/document"
)

const architecturePage = "../../docs/ARCHITECTURE.md"

// mostLines is how large a package may be. Somebody new to it can still read it in a day.
const mostLines = 3500

// A package that grows beyond what one can know is divided. What tests use is left out: nobody needs to know all of it.
func TestPackagesAreNotTooLarge(t *testing.T) {
	for _, p := range packages(t) {
		if lines := linesOf(t, p); lines > mostLines && !strings.HasPrefix(p.name(), "tests/") {
			t.Errorf("%s has %d lines without its tests, more than %d", p.name(), lines, mostLines)
		}
	}
}

// linesOf counts the lines of a package without its tests, of all systems.
func linesOf(t *testing.T, p pkg) (lines int) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(p.Dir, "*.go")) // the pattern is sound
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(source, []byte("\n"))
	}
	return lines
}

// documentedLines is a row of the table: a package, and how many lines it has.
var documentedLines = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (\\d+) \\|")

// The table of packages is the map that TestImportsAreThoseOfTheMap holds the code to. Its numbers of lines may be a tenth
// off, so that not every change is one of the page.
func TestPackageTableIsTheMap(t *testing.T) {
	page, err := os.ReadFile(architecturePage)
	if err != nil {
		t.Fatal(err)
	}
	said := make(map[string]int)
	for _, row := range documentedLines.FindAllStringSubmatch(string(page), -1) {
		said[row[1]], _ = strconv.Atoi(row[2]) // digits
	}
	var table strings.Builder
	table.WriteString("| package | lines | may import, of ours |\n| --- | --- | --- |\n")
	for _, p := range packages(t) {
		if strings.HasPrefix(p.name(), "tests") {
			continue
		}
		name, lines := shortName(p.name()), linesOf(t, p)
		if before := said[name]; before > 0 && 10*max(before-lines, lines-before) <= max(lines, 500) { // 50 lines of a small one
			lines = before
		}
		fmt.Fprintf(&table, "| `%s` | %d | %s |\n", name, lines, mayImport(p.name()))
	}
	want, err := document.Fill(string(page), "packages", table.String())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(architecturePage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Error("docs/ARCHITECTURE.md is not what the code says; run: go test ./cmd/relay -run TestPackageTable -update")
	}
}

// shortName is a package's folder.
func shortName(name string) string {
	return strings.TrimPrefix(name, strings.TrimSuffix(clientModule, "client"))
}

// mayImport puts the map's allowance into words.
func mayImport(name string) string {
	may := allowed(name)
	if may == nil {
		return "everything"
	}
	var all []string
	for _, other := range may {
		all = append(all, "`"+shortName(other)+"`")
	}
	return cmp.Or(strings.Join(all, ", "), "nothing")
}
