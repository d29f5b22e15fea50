package trialca

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// names are the files that are written.
var names = Files[string]{CA: "ca.pem", Chain: "server.pem", Key: "server-key.pem"}

// ErrThere is that of a file that is there already.
var ErrThere = errors.New("is there already")

// Write issues certificates, writes their files to a folder, which it makes if it is missing, and returns where they are. Unless it may
// replace them, it fails with ErrThere if one of the files is there.
func Write(dir string, hosts Hosts, end time.Time, replace bool) (paths Files[string], err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return paths, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return paths, err
	}
	paths = Files[string]{
		CA: filepath.Join(dir, names.CA), Chain: filepath.Join(dir, names.Chain), Key: filepath.Join(dir, names.Key),
	}
	for _, path := range []string{paths.CA, paths.Chain, paths.Key} {
		if _, err := os.Lstat(path); err == nil && !replace {
			return paths, fmt.Errorf("%s %w", path, ErrThere)
		}
	}
	made, err := issue(hosts, end)
	if err != nil {
		return paths, err
	}
	return paths, errors.Join(
		replaceFile(paths.Key, made.Key, 0o600),
		replaceFile(paths.Chain, made.Chain, 0o644),
		replaceFile(paths.CA, made.CA, 0o644),
	)
}

// replaceFile writes a file that nobody sees half of. What is there, such as a link to another place, is not written to.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)) // with 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // once it has its name, there is nothing to remove
	_, err = file.Write(data)
	if err := errors.Join(err, file.Chmod(mode), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
