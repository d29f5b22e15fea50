package plain

import (
	"html"
	"strings"
)

// withoutMarkup is what SSML says, without its tags, which each vendor knows others of. Between two sentences of it is a space.
func withoutMarkup(ssml string) string {
	var said strings.Builder
	for {
		text, rest, tagged := strings.Cut(ssml, "<")
		said.WriteString(html.UnescapeString(text))
		if !tagged {
			return strings.TrimSpace(said.String())
		}
		tag, after, ended := strings.Cut(rest, ">")
		if strings.HasPrefix(rest, "!--") {
			_, after, ended = strings.Cut(rest, "-->")
		}
		if !ended {
			return strings.TrimSpace(said.String())
		}
		if separates(tag) {
			said.WriteByte(' ')
		}
		ssml = after
	}
}

// separates reports whether words before and after a tag are apart.
func separates(tag string) bool {
	name, _, _ := strings.Cut(strings.Trim(tag, "/ "), " ")
	return name == "break" || name == "p" || name == "s" || name == "speak"
}
