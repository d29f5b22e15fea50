// Package filelock keeps other relays from a ledger's file: one writes it at a time, whatever name it has.
package filelock

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Locks keep other relays from a ledger: one on the file, whatever its name, and one on a file next to it, which earlier versions
// look at.
type Locks struct{ file, beside *os.File }

// Close frees them. SQLite must have closed the file before: to close any handle of it ends what SQLite holds.
func (l Locks) Close() error { return errors.Join(l.beside.Close(), l.file.Close()) }

// Prepare makes the path ready for writing: its folder and file exist, and no other process writes it. resolved is the path
// without symbolic links, which is one for each file.
func Prepare(path string) (resolved string, held Locks, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", Locks{}, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", Locks{}, err
	}
	if err := lockInode(file); err != nil {
		return "", Locks{}, errors.Join(err, file.Close())
	}
	// The lock next to it is the same for every symbolic link.
	if resolved, err = filepath.EvalSymlinks(path); err != nil {
		return "", Locks{}, errors.Join(err, file.Close())
	}
	beside, err := os.OpenFile(resolved+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", Locks{}, errors.Join(err, file.Close())
	}
	if err := lockFile(beside); err != nil {
		return "", Locks{}, errors.Join(err, beside.Close(), file.Close())
	}
	return resolved, Locks{file: file, beside: beside}, nil
}

// MaxNoted bounds the epochs that are noted: of as many starts in a row may Redis have been away.
const MaxNoted = 64

// maxNote is more bytes than a note has: 28 of the epoch, two numbers in hex.
const maxNote = 64

// Note adds an epoch to those in the file next to it, and returns those before it: their writers are gone, as this lock is
// had. Each stands with the place of that file, since one that was copied along with its folder says nothing of others. A note
// that fails costs a wait, where a copy is restored.
func (l Locks) Note(epoch string) (former []string) {
	info, err := l.beside.Stat()
	if err != nil || PlaceOf(info) == "" {
		return nil
	}
	raw, err := io.ReadAll(io.NewSectionReader(l.beside, 0, MaxNoted*maxNote))
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(raw)) {
		if name, place, _ := strings.Cut(strings.TrimSpace(line), " "); place == PlaceOf(info) {
			former, lines = append(former, name), append(lines, line)
		}
	}
	lines = append(lines[max(0, len(lines)-MaxNoted+1):], epoch+" "+PlaceOf(info)+"\n")
	if err := l.beside.Truncate(0); err == nil {
		_, _ = l.beside.WriteAt([]byte(strings.Join(lines, "")), 0) // see above
	}
	return former
}
