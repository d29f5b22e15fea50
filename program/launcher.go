package program

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Config is how a launcher's programs are held.
type Config struct {
	// Account is the user that they run as; nil: the relay's own. It takes a relay that CheckAccount has no objection to.
	Account *Account
	// Folder is where each run gets a folder of its own. Default: voicerelay- and the relay's user id, in the system's folder
	// for temporary files.
	Folder string
	// Limits bound each of them.
	Limits Limits
	// Lifetime is how long one may take. It is the caller who ends it then; Limits.CPUTime follows from it.
	Lifetime time.Duration
}

// Launcher starts programs. It is safe for concurrent use.
type Launcher struct {
	// Static after NewLauncher.
	folders *folders
	starter *starter
}

// NewLauncher starts nothing and makes no folder before there is something to run.
func NewLauncher(cfg Config) *Launcher {
	f := newFolders(cfg.Folder, cfg.Account)
	return &Launcher{folders: f, starter: newStarter(cfg.Limits.settled(cfg.Lifetime, cfg.Account != nil), cfg.Account, f)}
}

// Folder makes the folder of one run. Its path is absolute. It goes with the program that is started there.
func (l *Launcher) Folder() (string, error) { return l.folders.take() }

// Give makes the programs' user the owner of what the relay has made for it.
func (l *Launcher) Give(path string) error { return l.folders.give(path) }

// Sweep takes away what programs left whose relay was killed.
func (l *Launcher) Sweep() error { return l.folders.sweep() }

// Close ends what the launcher itself runs. All programs must have been waited for, and none be started any more.
func (l *Launcher) Close() error {
	l.starter.close()
	return l.folders.close()
}

// Find is the path of a program from any folder.
func Find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// Command is a program, found by its name, with its arguments in the folder of its run. It is killed when ctx ends.
func Command(ctx context.Context, dir, name string, args ...string) (*exec.Cmd, error) {
	path, err := Find(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Args[0] = name
	cmd.Dir, cmd.Env = dir, surroundings(dir)
	return cmd, nil
}

// surroundings are a program's whole environment: nothing of the relay's own, where keys are, but where programs are found.
func surroundings(dir string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "HOME=" + dir, "TMPDIR=" + dir}
}
