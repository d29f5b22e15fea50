package delivery

// stage stands between a generation and the writer: it takes the generation's messages, and gives others in their stead, in
// the same order. Its fields are guarded by the outbox's mutex.
type stage struct {
	look func() // has it look again; must not block

	phase  stagePhase
	made   queue // what it has given, for the writer
	inHand int64 // samples of the message that it has taken last, until it comes for the next
}

// stagePhase is how far a stage is.
type stagePhase int

const (
	stageNew     stagePhase = iota // it has taken nothing
	stageBegun                     // it has taken something: that is to come out before the end
	stageAsked                     // it is to give what it keeps: no more audio comes
	stageGives                     // it has been told so, and gives it
	stageDrained                   // it keeps nothing
	stageOver                      // it gets and gives nothing any more
)
