package delivery

// stage stands between a generation and the writer: it takes the generation's messages, and gives others in their stead, in
// the same order. Its fields are guarded by the outbox's mutex.
type stage struct {
	look func() // has it look again; must not block

	made    queue // what it has given, for the writer
	waiting int64 // samples in made
	inHand  int64 // samples of the message that it has taken last, until it comes for the next
	kept    int64 // samples that it has taken, and not given
	begun   bool  // it has taken audio: what it keeps of that is to come out before the end
	over    bool  // it gets and gives nothing any more
}

// stageAhead is how much audio, in parts of a second, may wait behind a stage before it gets no more. A cancel takes back what
// waits either way; but how far the client has heard is only known of what the stage has not taken.
const stageAhead = 5

// AddStage puts a stage into the lane, before anything is pushed. look has it look again, and must not block: there may be
// something to take, or nothing more will come.
func (l *Lane) AddStage(look func()) { l.stage = &stage{look: look} }

// TakeStaged is the generation's next message, for the stage; nil: there is none now. Nothing is given before the lane may
// send, nor while the client leaves what the stage has given. over: there will be none, and what is pushed is dropped.
func (l *Lane) TakeStaged() (m *Message, over bool) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	st := l.stage
	st.inHand = 0
	l.lookForRoomLocked()
	switch {
	case st.over || l.out.closed:
		return nil, true
	case l.phase != laneOpen || l.messages.empty() || st.waiting >= int64(l.rate)/stageAhead:
		return nil, false
	}
	m = l.messages.pop()
	l.out.freeLocked(len(m.Body()))
	l.waiting -= m.Samples
	st.inHand = m.Samples
	st.kept += m.Samples
	st.begun = st.begun || m.Samples > 0
	return m, false
}

// PushStaged queues what the stage gives. The generation's last message, which it has taken, is the last.
func (l *Lane) PushStaged(m *Message) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	st := l.stage
	if l.out.closed || st.over {
		m.Release()
		return
	}
	m.lane = l
	st.made.push(m)
	st.waiting += m.Samples
	st.kept -= m.Samples
	st.over = m.Last
	l.out.queued += len(m.Body())
	l.out.countLocked()
	l.ringLocked()
}

// stopStageLocked ends the stage, if there is one: what it still gives is dropped.
func (l *Lane) stopStageLocked() {
	if l.stage != nil {
		l.stage.over = true
		l.stage.look()
	}
}

// keepsLocked reports whether a stage may still have something to give before the generation's end.
func (l *Lane) keepsLocked() bool { return l.stage != nil && l.stage.begun && !l.stage.over }

// sendableLocked is where the writer takes messages from.
func (l *Lane) sendableLocked() *queue {
	if l.stage != nil {
		return &l.stage.made
	}
	return &l.messages
}

// unsentLocked counts the samples where the writer takes messages from.
func (l *Lane) unsentLocked() *int64 {
	if l.stage != nil {
		return &l.stage.waiting
	}
	return &l.waiting
}

// waitingLocked is how many samples wait in all. What an encoder keeps to itself does not count, or the generation would wait for
// what only its next audio brings out.
func (l *Lane) waitingLocked() int64 {
	if l.stage != nil {
		return l.waiting + l.stage.waiting + l.stage.inHand
	}
	return l.waiting
}
