package upstream

// A Piece is text that a vendor is to speak at once: sending it includes the order to speak it.
type Piece struct {
	// ID counts the pieces of an attempt from 0.
	ID int
	// Text is what the vendor gets. It has a letter or digit to speak, except that a last piece may be
	// empty where the text's end became known only after the last words had been sent.
	Text string
	// More says that another piece follows at once: the text does not pause here.
	More bool
	// Last says that no more text comes.
	Last bool
}
