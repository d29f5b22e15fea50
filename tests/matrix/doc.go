// Package matrix breaks every vendor in every way in mid-speech and listens to what the caller hears: all ordered pairs
// of vendors, all faults, at four places of a sentence. Its test fails where a case did not complete, where a word is
// missing, and where fewer cases ran than there are. Two tests beside it measure by how much playback runs dry, and what
// becomes of real speech. All run in bubbles of fake time, so a busy machine changes nothing.
//
//	go test ./tests/matrix -v                                 # prints the table
//	go test ./tests/matrix -write ../../docs/takeover.md
package matrix
