package delivery

// stageAhead is how much audio, in parts of a second, may wait behind a stage before it gets no more. A cancel takes back what
// waits either way; but how far the client has heard is only known of what the stage has not taken.
const stageAhead = 5

// AddStage puts a stage into the lane, before anything is pushed. look has it look again, and must not block: there may be
// something to take, or nothing more will come.
func (l *Lane) AddStage(look func()) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.stage = &stage{look: look}
	if l.out.stages == nil {
		l.out.stages = make(map[*stage]struct{})
	}
	l.out.stages[l.stage] = struct{}{}
}

// TakeStaged is the generation's next message, for the stage; nil: there is none now. Nothing is given before the lane may
// send, nor while the client leaves what the stage has given. One whose Rest is set asks for all that the stage keeps. over: there
// will be none, and what is pushed is dropped.
func (l *Lane) TakeStaged() (m *Message, over bool) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	st := l.stage
	st.inHand = 0
	if st.phase == stageGives {
		st.phase = stageDrained
		l.room()
	}
	l.lookForRoomLocked()
	switch {
	case st.phase == stageOver || l.out.closed:
		return nil, true
	case l.phase != laneOpen || l.messages.empty() || st.made.samples >= int64(l.rate)/stageAhead:
		return nil, false
	}
	m = l.messages.pop()
	l.out.freeLocked(len(m.Body()))
	st.inHand = m.Samples
	switch {
	case m.Rest:
		st.phase = stageGives
	case st.phase == stageNew:
		st.phase = stageBegun
	}
	return m, false
}

// IsDrained reports whether the client has been sent all audio of a generation that makes no more. A stage is asked for what it
// keeps. If more is to be sent, the generation is notified once when that changes.
func (l *Lane) IsDrained() bool {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if l.waitingLocked() > 0 {
		l.below = 1
		return false
	}
	if l.stage == nil {
		return true
	}
	switch l.stage.phase {
	case stageBegun:
		l.stage.phase = stageAsked
		rest := TextMessage(nil)
		rest.Rest = true
		l.pushLocked(rest)
		return false
	case stageAsked, stageGives:
		return false
	default:
		return true
	}
}

// PushStaged queues what the stage gives. The generation's last message, which it has taken, is the last.
func (l *Lane) PushStaged(m *Message) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	st := l.stage
	if l.out.closed || st.phase == stageOver {
		m.Release()
		return
	}
	if m.Last {
		m.place = l.place
		st.phase = stageOver
		delete(l.out.stages, st)
	}
	l.queueLocked(&st.made, m)
	l.ringLocked()
}
