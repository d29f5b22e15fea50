package delivery

// stage stands between a generation and the writer: it takes the generation's messages, and gives others in their stead, in
// the same order. Its fields are guarded by the outbox's mutex.
type stage struct {
	look func() // has it look again; must not block

	made    queue // what it has given, for the writer
	waiting int64 // samples in made
	inHand  int64 // samples of the message that it has taken last, until it comes for the next
	kept    int64 // samples that it has taken, and not given
	begun   bool  // it has taken something: that is to come out before the end
	over    bool  // it gets and gives nothing any more
}
