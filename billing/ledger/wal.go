package ledger

import (
	"os"
	"time"
)

// SQLite writes its log again once all of it is in the file, which a reader that stays holds up: then it grows with each
// commit, by some megabytes a second under load. In the common case it has 4 MB, after a burst up to 64.
const (
	walWarning  = 64 << 20 // bytes beyond which the operator is told
	walSilence  = 10 * time.Minute
	walSuffix   = "-wal"
	walReminder = "a reader holds up the ledger's log, which grows until it closes: look for programs that have the file open"
)

// LogSize is how many bytes SQLite's log of the file has; 0 if there is none.
func (l *Ledger) LogSize() int64 {
	info, err := os.Stat(l.path + walSuffix)
	if err != nil {
		return 0
	}
	return info.Size()
}

// watchLog tells the operator of a log that grows, now and then. It is for the writer only.
func (l *Ledger) watchLog() {
	size := l.LogSize()
	if size < l.writer.logLimit || time.Since(l.writer.toldOfLog) < walSilence {
		return
	}
	l.writer.toldOfLog = time.Now()
	l.log.Warn().Int64("bytes", size).Str("path", l.path+walSuffix).Msg(walReminder)
}
