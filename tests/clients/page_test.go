// Package clients checks docs/clients.md: what it shows of a program is of a program that the tests below this folder run.
package clients

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"voicerelay/tests/document"
)

var update = flag.Bool("update", false, "write the programs' parts of docs/clients.md anew")

const page = "../../docs/clients.md"

// headline is a part that the test of that name writes.
const headline = "headline"

// A mark in a program names the lines up to the end mark.
var (
	beginMark = regexp.MustCompile(`^\s*(?:#|//) in docs/clients\.md: (\S+)$`)
	endMark   = regexp.MustCompile(`^\s*(?:#|//) end$`)
)

// around is what a program has in front of a line, and a reader does not need.
var around = regexp.MustCompile(`(?m)^(\s*)(return|export) |^(\s*)this\.`)

// languages are the extensions of programs, and what the page calls their blocks.
var languages = map[string]string{".py": "python", ".mjs": "js"}

// The page's blocks are lines of programs that the tests run, and its versions are those that are pinned.
func TestPageShowsWhatProgramsRun(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	was := string(data)
	made := marked(t)
	made["versions"] = versions(t)
	want := was
	for name, text := range made {
		if want, err = document.Fill(want, name, text); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range document.Names(was) {
		if _, known := made[name]; !known && name != headline {
			t.Errorf("the page's part %q is of no program", name)
		}
	}
	if strings.Contains(document.Prose(was), "```") {
		t.Error("the page has a block that is of no program")
	}
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != was {
		t.Error("docs/clients.md is not what the programs have; run: go test ./tests/clients -update")
	}
}

// marked are the blocks that programs have for the page, by their names.
func marked(t *testing.T) map[string]string {
	t.Helper()
	blocks := make(map[string]string)
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		language := languages[filepath.Ext(path)]
		if err != nil || language == "" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found, err := cut(strings.Split(string(data), "\n"))
		for name, lines := range found {
			if _, twice := blocks[name]; twice {
				err = errors.Join(err, fmt.Errorf("%q is marked twice", name))
			}
			blocks[name] = "```" + language + "\n" + lines + "```\n"
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// cut finds what a program has marked.
func cut(program []string) (map[string]string, error) {
	found := make(map[string]string)
	name, begun := "", 0
	for i, line := range program {
		switch begins := beginMark.FindStringSubmatch(line); {
		case begins != nil && name != "", begins == nil && endMark.MatchString(line) && name == "":
			return nil, fmt.Errorf("line %d: a mark is out of place", i+1)
		case begins != nil && found[begins[1]] != "":
			return nil, fmt.Errorf("line %d: %q is marked twice", i+1, begins[1])
		case begins != nil:
			name, begun = begins[1], i+1
		case endMark.MatchString(line) && begun == i:
			return nil, fmt.Errorf("line %d: nothing is marked", i+1)
		case endMark.MatchString(line):
			found[name] = shown(program[begun:i])
			name = ""
		}
	}
	if name != "" {
		return nil, fmt.Errorf("%q has no end", name)
	}
	return found, nil
}

// shown are lines as the page has them: without their indentation, and without what only the program needs.
func shown(lines []string) string {
	indent := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(line[min(indent, len(line)):] + "\n")
	}
	return around.ReplaceAllString(text.String(), "$1$3")
}

// versions is a table of the clients that the page speaks of.
func versions(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| package | version |\n| --- | --- |\n")
	list, err := os.ReadFile("rig/python/requirements.in")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), "==")
		name, _, _ = strings.Cut(name, "[")
		fmt.Fprintf(&b, "| %s (PyPI) | %s |\n", name, version)
	}
	list, err = os.ReadFile("rig/node/packages/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var packages struct{ Dependencies map[string]string }
	if err := json.Unmarshal(list, &packages); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(packages.Dependencies)) {
		if version := packages.Dependencies[name]; !strings.HasPrefix(version, "file:") && name != "ws" {
			fmt.Fprintf(&b, "| %s (npm) | %s |\n", name, version)
		}
	}
	return b.String()
}

func TestMarksMustFit(t *testing.T) {
	begin := "  # in docs/clients.md: "
	for name, program := range map[string][]string{
		"no end":     {begin + "a", "x"},
		"no begin":   {"x", "# end"},
		"within one": {begin + "a", begin + "b", "# end"},
		"empty":      {begin + "a", "# end"},
		"twice":      {begin + "a", "x", "# end", begin + "a", "x", "# end"},
	} {
		if found, err := cut(program); err == nil {
			t.Errorf("%s: found %v", name, found)
		}
	}
	got, err := cut([]string{"def f():", begin + "a", "  return f(", "    1)", "  # end", "// in docs/clients.md: b", "this.x = y;", "// end"})
	want := map[string]string{"a": "f(\n  1)\n", "b": "x = y;\n"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("found %q, %v", got, err)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^):]*)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	left    = regexp.MustCompile(`[^\p{L}\p{N} _-]`) // what a heading's anchor leaves out
)

func TestLinksOfThePageLeadSomewhere(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range link.FindAllStringSubmatch(string(data), -1) {
		file, anchor, _ := strings.Cut(found[1], "#")
		if file == "" {
			file = filepath.Base(page)
		}
		target, err := os.ReadFile(filepath.Join(filepath.Dir(page), file))
		if err != nil {
			t.Errorf("%s: %v", found[1], err)
			continue
		}
		if anchor != "" && !slices.Contains(anchors(string(target)), anchor) {
			t.Errorf("%s: %s has no such heading", found[1], file)
		}
	}
}

// anchors are those of a page's headings.
func anchors(page string) (all []string) {
	for _, found := range heading.FindAllStringSubmatch(page, -1) {
		plain := left.ReplaceAllString(strings.ToLower(found[1]), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}
