package ledger

import (
	"os"
	"time"
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
