package minimax

// piece is one that was ordered.
type piece struct {
	id    int
	text  string
	phase phase
	sent  bool // once at least
	heard bool // there has been audio of it
	told  bool // what the vendor charges for has been told, of a part of it at least
}

// phase is what a piece has at the vendor.
type phase int

const (
	waiting  phase = iota // the vendor does not have it
	underWay              // its task_flushed is to come
	leftOut               // the vendor has had it, and wants it again
)

// send is a piece's messages, which it has been given with that. A last piece may have no text, of which the vendor never hears.
func (p *piece) send() [][]byte {
	if p.text == "" {
		return nil
	}
	p.phase, p.sent, p.heard = underWay, true, false
	return [][]byte{encode(text{Event: eventContinue, Text: p.text}), encode(order{Event: eventFlush})}
}
