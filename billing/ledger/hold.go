package ledger

import (
	"fmt"
	"io"
	"os"

	"voicerelay/billing/ledger/filelock"
)

// Hold keeps relays from starting on a ledger until it is closed. The error is ErrLocked where one runs.
func Hold(path string) (io.Closer, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err // nothing is to be made
	}
	_, lock, err := filelock.Prepare(path)
	if err != nil {
		return nil, fmt.Errorf("hold ledger %s: %w", path, err)
	}
	return lock, nil
}
