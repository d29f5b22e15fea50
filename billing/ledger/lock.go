package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// locks keep other relays from a ledger: one on the file, whatever its name, and one on a file next to it, which earlier versions
// look at.
type locks struct{ file, beside *os.File }

// Close frees them. SQLite must have closed the file before: to close any handle of it ends what SQLite holds.
func (l locks) Close() error { return errors.Join(l.beside.Close(), l.file.Close()) }

// prepare makes the path ready for writing: its folder and file exist, and no other process writes it. resolved is the path
// without symbolic links, which is one for each file.
func prepare(path string) (resolved string, held locks, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", locks{}, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", locks{}, err
	}
	if err := lockInode(file); err != nil {
		return "", locks{}, errors.Join(err, file.Close())
	}
	// The lock next to it is the same for every symbolic link.
	if resolved, err = filepath.EvalSymlinks(path); err != nil {
		return "", locks{}, errors.Join(err, file.Close())
	}
	beside, err := os.OpenFile(resolved+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", locks{}, errors.Join(err, file.Close())
	}
	if err := lockFile(beside); err != nil {
		return "", locks{}, errors.Join(err, beside.Close(), file.Close())
	}
	return resolved, locks{file: file, beside: beside}, nil
}

// Hold keeps relays from starting on a ledger until it is closed. The error is ErrLocked where one runs.
func Hold(path string) (io.Closer, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err // nothing is to be made
	}
	_, lock, err := prepare(path)
	if err != nil {
		return nil, fmt.Errorf("hold ledger %s: %w", path, err)
	}
	return lock, nil
}

// maxNoted bounds the epochs that are noted: of as many starts in a row may Redis have been away.
const maxNoted = 64

// maxNote is more bytes than a note has: 28 of the epoch, two numbers in hex.
const maxNote = 64

// note adds an epoch to those in the file next to it, and returns those before it: their writers are gone, as this lock is
// had. Each stands with the place of that file, since one that was copied along with its folder says nothing of others. A note
// that fails costs a wait, where a copy is restored.
func (l locks) note(epoch string) (former []string) {
	info, err := l.beside.Stat()
	if err != nil || placeOf(info) == "" {
		return nil
	}
	raw, err := io.ReadAll(io.NewSectionReader(l.beside, 0, maxNoted*maxNote))
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(raw)) {
		if name, place, _ := strings.Cut(strings.TrimSpace(line), " "); place == placeOf(info) {
			former, lines = append(former, name), append(lines, line)
		}
	}
	lines = append(lines[max(0, len(lines)-maxNoted+1):], epoch+" "+placeOf(info)+"\n")
	if err := l.beside.Truncate(0); err == nil {
		_, _ = l.beside.WriteAt([]byte(strings.Join(lines, "")), 0) // see above
	}
	return former
}
