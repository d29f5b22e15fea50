package program

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// folders are where a launcher's programs work: below one folder of the relay's user, which several relays may share, each
// launcher has one of its own, and each run of a program has one in that. What is in them goes with the run; what a relay
// that was killed left there goes when the next one starts.
type folders struct {
	// Static after newFolders.
	root   string
	owner  *Account // nil: the relay's own user
	shared os.FileMode

	// Guarded by mu.
	mu   sync.Mutex
	own  string   // empty: none has been needed
	held *os.File // own, locked as long as it is in use
}

// Names of folders: of a launcher, and of a run.
const (
	ownPrefix = "programs-"
	runPrefix = "run-"
)

func newFolders(root string, owner *Account) *folders {
	if root == "" {
		root = filepath.Join(os.TempDir(), "voicerelay-"+strconv.Itoa(os.Geteuid()))
	}
	f := &folders{root: root, owner: owner, shared: 0o700}
	if owner != nil {
		f.shared = 0o711 // the programs' user passes through, and sees nothing
	}
	return f
}

// take makes the folder of one run. Its path is absolute.
func (f *folders) take() (string, error) {
	own, err := f.place()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(own, runPrefix) // with mode 0700
	if err != nil {
		return "", err
	}
	if err := f.give(dir); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

// give makes the programs' user the owner of what the relay has made for it.
func (f *folders) give(path string) error {
	if f.owner == nil {
		return nil
	}
	return os.Chown(path, int(f.owner.uid), int(f.owner.gid))
}

// place is the launcher's own folder, which is made at the first need.
func (f *folders) place() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.own != "" {
		return f.own, nil
	}
	root, err := f.openRoot()
	if err != nil {
		return "", err
	}
	defer root.Close() // with its lock
	own, err := os.MkdirTemp(root.Name(), ownPrefix)
	if err != nil {
		return "", err
	}
	held, err := os.Open(own)
	if err == nil {
		err = errors.Join(os.Chmod(own, f.shared), lock(held))
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(own))
	}
	f.own, f.held = own, held
	return own, nil
}

// openRoot is the folder of all, locked, so that no relay removes what another has made and not yet locked.
func (f *folders) openRoot() (*os.File, error) {
	path, err := filepath.Abs(f.root)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, f.shared); err != nil {
		return nil, err
	}
	if err := checkOwned(path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if f.owner != nil { // which an earlier relay without user: has kept from others
		if err := os.Chmod(path, f.shared); err != nil {
			return nil, err
		}
	}
	root, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := lockInTurn(root); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return root, nil
}

// sweep takes away what relays left that are gone. What another relay holds stays.
func (f *folders) sweep() error {
	if _, err := os.Lstat(f.root); errors.Is(err, os.ErrNotExist) || !canLock {
		return nil
	}
	root, err := f.openRoot()
	if err != nil {
		return err
	}
	defer root.Close()
	entries, err := root.ReadDir(-1)
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), ownPrefix) {
			failed = append(failed, sweepOne(filepath.Join(root.Name(), e.Name())))
		}
	}
	return errors.Join(failed...)
}

// sweepOne takes a launcher's folder away unless somebody holds it.
func sweepOne(dir string) error {
	held, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer held.Close()
	if lock(held) != nil {
		return nil
	}
	return os.RemoveAll(dir)
}

// close takes the launcher's own folder away.
func (f *folders) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.own == "" {
		return nil
	}
	err := errors.Join(os.RemoveAll(f.own), f.held.Close())
	f.own, f.held = "", nil
	return err
}
