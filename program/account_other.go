//go:build !linux

package program

import "errors"

// mayBecomeOthers refuses: what stops the programs of another user when the relay is gone exists on Linux alone.
func mayBecomeOthers() error { return errors.New("this needs Linux") }
