//go:build !race

package ledger

// raced: the race detector makes the database some ten times slower.
const raced = false
