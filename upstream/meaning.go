package upstream

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Meaning is what one of a vendor's codes is in our words.
type Meaning struct {
	Kind Kind
	// Message says it for clients and logs, without the vendor's text.
	Message string
}

// Error is the error of a code that has this meaning.
func (m Meaning) Error(code string) *Error {
	return &Error{Kind: m.Kind, Code: code, Message: m.Message}
}

// CloseError is the error of a socket's end by a close code, -1 for none, after the vendor's table of them.
func CloseError(table map[int]Meaning, code int) *Error {
	if code < 0 {
		return &Error{Kind: Dropped, Message: "connection lost"}
	}
	meaning, ok := table[code]
	if !ok {
		meaning = Meaning{Kind: Dropped, Message: "the vendor closed the connection"}
	}
	return meaning.Error(strconv.Itoa(code))
}

// Entry is a line of an adapter's table of codes, as the documents show it.
type Entry struct {
	// Where the code stands, in the vendor's terms: "close code", "error_code".
	Where string
	// Code is the vendor's own, or what is looked for in its text.
	Code string
	Meaning
}

// Entries lists a table in the codes' order.
func Entries[C cmp.Ordered](where string, table map[C]Meaning) []Entry {
	var all []Entry
	for _, code := range slices.Sorted(maps.Keys(table)) {
		all = append(all, Entry{Where: where, Code: fmt.Sprint(code), Meaning: table[code]})
	}
	return all
}

// handshakeStatuses are those that a vendor may well refuse a connection with.
var handshakeStatuses = []int{400, 401, 402, 403, 404, 429, 500, 503}

// HandshakeEntries lists what HTTP statuses mean when a connection is refused.
func HandshakeEntries(refused func(status int) Kind) []Entry {
	var all []Entry
	for _, status := range handshakeStatuses {
		meaning := Meaning{Kind: refused(status), Message: refusedMessage}
		all = append(all, Entry{Where: "HTTP status at the handshake", Code: strconv.Itoa(status), Meaning: meaning})
	}
	return all
}
