package ledger

import "time"

// write is the writer's goroutine. It ends with Stop.
func (l *Ledger) write() {
	prune, look := time.NewTimer(0), time.NewTicker(lookEvery)
	defer prune.Stop()
	defer look.Stop()
	var retry <-chan time.Time // nil while writing works
	delay := firstRetry
	for {
		select {
		case c := <-l.queue:
			l.serve(l.gather(c))
		case <-l.poke:
			l.serve(nil)
		case <-retry:
			retry = nil
			l.attempt(nil)
		case <-prune.C:
			prune.Reset(l.prune())
		case <-look.C:
			l.look()
			l.watchLog()
		case <-l.stop:
			l.drain()
			return
		}
		switch {
		case l.available() == nil:
			retry, delay = nil, firstRetry
		case retry == nil:
			retry = time.After(delay)
			delay = min(2*delay, lastRetry)
		}
	}
}

// gather takes what waits, up to what goes in one transaction.
func (l *Ledger) gather(first *change) []*change {
	changes := []*change{first}
	for len(changes) < maxBatch {
		select {
		case c := <-l.queue:
			changes = append(changes, c)
		default:
			return changes
		}
	}
	return changes
}

// serve writes changes, or answers at once while nothing can be written.
func (l *Ledger) serve(changes []*change) {
	if cause := l.available(); cause != nil {
		l.refuse(changes, cause)
		return
	}
	l.attempt(changes)
}

// attempt writes changes with what is owed from before.
func (l *Ledger) attempt(changes []*change) {
	kept := l.keptNow()
	all := append([]*change(nil), l.writer.withdraw...)
	for _, r := range kept {
		all = append(all, newChange(closing{record: r, kept: true}))
	}
	for _, c := range changes {
		if _, ok := c.mutation.(admission); ok && c.isAbandoned() {
			continue
		}
		all = append(all, c)
	}
	if len(all) == 0 && l.available() != nil {
		all = append(all, newChange(probe{now()}))
	}
	if len(all) == 0 {
		return
	}
	began := time.Now()
	if err := l.writer.commit(all); err != nil {
		l.setFailing(err)
		l.refuse(changes, l.available())
		return
	}
	l.committed(time.Since(began))
	l.writer.withdraw = nil
	l.settle(all)
	if l.forget(len(kept)) || len(l.writer.withdraw) > 0 {
		l.again()
	}
	l.setFailing(nil)
}

// settle answers changes that have been written.
func (l *Ledger) settle(changes []*change) {
	for _, c := range changes {
		told := c.answer(c.result)
		switch m := c.mutation.(type) {
		case admission:
			if !told && c.result == nil {
				l.withdraw(m)
			}
		case closing:
			if c.result != nil && (m.kept || !told) {
				l.log.Error().Err(c.result).Str("record_id", m.record.ID).Msg("record not closed")
			}
		case progress:
			if c.result != nil {
				l.log.Warn().Err(c.result).Str("record_id", m.RecordID).Msg("progress not noted")
			}
		}
	}
}

// refuse answers changes that have not been written. An entry is taken back later: a commit that seemed to fail may
// be on the disk.
func (l *Ledger) refuse(changes []*change, cause error) {
	for _, c := range changes {
		switch m := c.mutation.(type) {
		case admission:
			c.answer(cause)
			l.withdraw(m)
		case closing:
			c.answer(l.keep(m.record))
		case adoption, interruption, conclusion, subscription, publication, delivery:
			c.answer(cause) // the caller will ask again
		}
	}
}

// withdraw has an entry taken back with the next commit.
func (l *Ledger) withdraw(m admission) {
	l.writer.withdraw = append(l.writer.withdraw, newChange(withdrawal{m.entry.ID}))
}

// again has the writer look for what is owed.
func (l *Ledger) again() {
	select {
	case l.poke <- struct{}{}:
	default:
	}
}

// look finds out whether the file has been taken away.
func (l *Ledger) look() {
	if l.available() == nil && !l.writer.present() {
		_ = l.writer.disconnect()
		l.setFailing(errMoved)
	}
}

// drain writes what waits at the end, as far as it can be written.
func (l *Ledger) drain() {
	for len(l.queue) > 0 {
		l.serve(l.gather(<-l.queue))
	}
	for l.Kept() > 0 || len(l.writer.withdraw) > 0 {
		if l.attempt(nil); l.available() != nil {
			return
		}
	}
}
