package command

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
)

// account is the user that programs run as.
type account struct{ uid, gid uint32 }

// resolve is the account that `user:` names, by name or as uid:gid; nil where it names none. Of a name the main group
// counts alone.
func resolve(name string) (*account, error) {
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
	a := &account{}
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

// checkUser reports why programs can't run as a user.
func checkUser(name string) error {
	a, err := resolve(name)
	if a == nil || err != nil {
		return err
	}
	if err := mayBecomeOthers(); err != nil {
		return fmt.Errorf("this relay can't run programs as another user: %w", err)
	}
	return nil
}
