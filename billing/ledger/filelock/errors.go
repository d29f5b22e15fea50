package filelock

import "errors"

// ErrLocked says that another process writes the file.
var ErrLocked = errors.New("ledger is in use by another relay")
