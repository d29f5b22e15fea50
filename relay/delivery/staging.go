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
	st.begun = true
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
	if m.Last {
		st.over = true
		delete(l.out.stages, st)
	}
	l.out.queued += len(m.Body())
	l.out.countLocked()
	l.ringLocked()
}
