package packages

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
)

// whole is the file that says of a folder of packages that nothing is missing in it.
const whole = "whole"

// Cached is a folder with a set of packages, which install makes where it isn't there yet. What it is made of names it, so that a
// new version of a package gets another. Test processes that need the same one wait for each other.
func Cached(kind string, madeOf []byte, install func(dir string) error) (dir string, err error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	base = filepath.Join(base, "voicerelay-clients")
	sum := sha256.Sum256(madeOf)
	dir = filepath.Join(base, kind+"-"+hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(base, kind+".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(filepath.Join(dir, whole)); err == nil {
		return dir, nil
	}
	// What an install that was broken off has left is of no use.
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return "", err
	}
	if err := install(dir); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, os.WriteFile(filepath.Join(dir, whole), nil, 0o644)
}
