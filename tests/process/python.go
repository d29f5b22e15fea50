package process

import (
	"errors"
	"os/exec"
	"sync"
)

// Python finds a Python that has the package websockets. One that is managed otherwise may come before the system's, whose
// packages it does not see.
var Python = sync.OnceValues(func() (program string, err error) {
	for _, candidate := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(candidate, "-c", "import websockets").Run() == nil {
			return candidate, nil
		}
	}
	return "", errors.New("there is no python3 with the package websockets")
})
