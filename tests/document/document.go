// Package document has the generated parts of the project's documents: what stands between a mark with the part's name and the next
// end mark,
//
//	<!-- generated: NAME -->
//	<!-- end -->
//
// is written by a test, from what the code does, and the rest by hand.
package document

import (
	"fmt"
	"regexp"
	"strings"
)

const end = "<!-- end -->"

// begin is the mark before a part.
func begin(name string) string { return fmt.Sprintf("<!-- generated: %s -->\n", name) }

// Fill replaces a part of a page.
func Fill(page, name, made string) (string, error) {
	before, _, after, err := cut(page, name)
	return before + begin(name) + made + end + after, err
}

// Part is a part of a page, as it stands there.
func Part(page, name string) (string, error) {
	_, part, _, err := cut(page, name)
	return part, err
}

func cut(page, name string) (before, part, after string, err error) {
	before, rest, ok := strings.Cut(page, begin(name))
	if !ok || strings.Contains(rest, begin(name)) {
		return "", "", "", fmt.Errorf("the page has not one part %q", name)
	}
	part, after, ok = strings.Cut(rest, end)
	if !ok {
		return "", "", "", fmt.Errorf("part %q has no end", name)
	}
	return before, part, after, nil
}

var parts = regexp.MustCompile(`(?s)<!-- generated: (.*?) -->\n.*?` + end)

// Names are the names of a page's parts, in their order.
func Names(page string) (names []string) {
	for _, found := range parts.FindAllStringSubmatch(page, -1) {
		names = append(names, found[1])
	}
	return names
}

// Prose is a page without its parts.
func Prose(page string) string { return parts.ReplaceAllString(page, "") }
