// Package matrix breaks every vendor in every way in mid-speech and listens to what the caller hears: ordered pairs of vendors,
// all faults, at four places of a sentence. Its test fails where a case did not complete, where a word is missing, and where
// fewer cases ran than there are. Two tests beside it measure by how much playback runs dry, and what becomes of real
// speech. All run in bubbles of fake time, so a busy machine changes nothing.
//
// A vendor is a line in vendor_test.go. A run of all tests has each vendor meet each fault at each place, and another vendor
// that is drawn by a seed take over; -whole has all of the others do so.
//
//	go test ./tests/matrix -v                                 # a sample
//	make matrix                                               # all of it, as a table
//	go test ./tests/matrix -timeout 30m -args -whole -write ../../docs/takeover.md
package matrix
