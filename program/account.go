package program

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
)

// Account is the user that programs run as.
type Account struct{ uid, gid uint32 }

// ParseAccount is the account that a configuration names, by name or as uid:gid; nil where it names none. Of a name the main
// group counts alone.
func ParseAccount(name string) (*Account, error) {
	if name == "" {
		return nil, nil
	}
	uid, gid, numbers := strings.Cut(name, ":")
	if !numbers {
		known, err := user.Lookup(name)
		if err != nil {
			return nil, errors.New("must be a user of this machine, or uid:gid")
		}
		uid, gid = known.Uid, known.Gid
	}
	a := &Account{}
	for _, part := range []struct {
		text string
		into *uint32
	}{{uid, &a.uid}, {gid, &a.gid}} {
		id, err := strconv.ParseUint(part.text, 10, 32)
		if err != nil {
			return nil, errors.New("must be a user of this machine, or uid:gid in numbers")
		}
		*part.into = uint32(id)
	}
	if a.uid == 0 || a.gid == 0 {
		return nil, errors.New("must not be root, nor of its group")
	}
	return a, nil
}

// CheckAccount reports why programs can't run as the user that a configuration names.
func CheckAccount(name string) error {
	a, err := ParseAccount(name)
	if a == nil || err != nil {
		return err
	}
	if err := mayBecomeOthers(); err != nil {
		return fmt.Errorf("this relay can't run programs as another user: %w", err)
	}
	return nil
}
