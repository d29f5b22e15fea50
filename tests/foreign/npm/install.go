package npm

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voicerelay/tests/process"
)

// installTime bounds an install, which unpacks up to 42,000 files beside other tests.
const installTime = 5 * time.Minute

// Need installs what the working folder's package-lock.json pins, once a process, or skips the test.
func Need(t *testing.T) {
	t.Helper()
	process.Need(t, installHere())
}

// installHere is run by the first test; its answer is for all.
var installHere = sync.OnceValue(func() error { return Install(".") })

// Install installs what a folder's package-lock.json pins. The error is a process.Missing where this machine lacks what it takes.
func Install(dir string) error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return process.Missing(program + " is not installed")
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	command := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
		"--prefer-offline",                                               // what npm has kept is not asked for again
		"--engine-strict",                                                // packages that this Node can't run are not tried
		"--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000", // ms; by default a missing registry costs a minute
	)
	command.Dir = dir
	printed, err := command.CombinedOutput()
	if err == nil {
		return nil
	}
	if why := unreachable(string(printed)); why != "" {
		return process.Missing(why)
	}
	return fmt.Errorf("npm ci: %w\n%.4000s", err, printed)
}

// code is npm's line with the cause of its end, in the spellings of npm 9 and 11.
var code = regexp.MustCompile(`(?m)^npm (?:error|ERR!) code (\S+)`)

// unreachable says why npm could not install here, though nothing is wrong with the packages; "" if that is not so.
func unreachable(out string) string {
	found := code.FindStringSubmatch(out)
	switch {
	case found == nil:
		return ""
	case found[1] == "EBADENGINE":
		return "Node is too old for the packages"
	case slices.Contains(networkCodes(), found[1]) || strings.HasPrefix(found[1], "E5"): // E503 and the like
		return fmt.Sprintf("npm's registry can't be reached: %s", found[1])
	}
	return ""
}

func networkCodes() []string {
	return []string{
		"EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "ERR_SOCKET_TIMEOUT", "ETIMEDOUT",
	}
}
