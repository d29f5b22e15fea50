package upstream

import "strings"

// The letters that vendors' identifiers have.
const (
	LowerCase = "abcdefghijklmnopqrstuvwxyz"
	UpperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// longestIdentifier is longer than any code that a vendor documents, and too short for a sentence of a client's.
const longestIdentifier = 40

// Identifier reports whether a vendor's code is one, of the letters, digits and underscores. Free text in its place may
// tell what must not be told, so it goes no further.
func Identifier(code, letters string) bool {
	return code != "" && len(code) <= longestIdentifier && strings.Trim(code, letters+"0123456789_") == ""
}
