package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	startPatience = 10 * time.Second
	stopPatience  = 5 * time.Second
	logShown      = 2000 // bytes of a failed child's log
)

// child is a process of ours. It ends with stop, and with this process in any case.
type child struct {
	pid  int
	log  string        // where its standard error goes
	line chan string   // lines of standard output, while somebody may read them
	done chan struct{} // closed once it has ended
	err  error         // why it ended; read after done
	cmd  *exec.Cmd
}

// startChild starts a command on some cores, or on all where there are none, with its log in its directory.
func startChild(cmd *exec.Cmd, cores []int) (*child, error) {
	name := filepath.Base(cmd.Path)
	c := &child{cmd: cmd, log: filepath.Join(cmd.Dir, name+".log"), line: make(chan string, 1), done: make(chan struct{})}
	cmd.SysProcAttr = attributes()
	started := make(chan error, 1)
	go c.live(cores, started) // stop waits for it
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return c, nil
}

// live starts the process and stays until it has ended. It keeps its thread for itself: the kernel ends the child
// when the thread that started it is gone, and the child inherits the thread's cores.
func (c *child) live(cores []int, started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	defer close(c.done)
	output, err := c.begin(cores)
	if err != nil {
		started <- err
		return
	}
	c.pid = c.cmd.Process.Pid
	started <- nil
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		select {
		case c.line <- lines.Text():
		default: // nobody waits for one
		}
	}
	c.err = c.cmd.Wait()
}

func (c *child) begin(cores []int) (io.Reader, error) {
	if len(cores) > 0 {
		if err := bindThread(cores); err != nil {
			return nil, err
		}
	}
	log, err := os.Create(c.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	c.cmd.Stderr = log
	output, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return output, c.cmd.Start()
}

// waitLine waits for the first line of standard output, and returns what follows the prefix.
func (c *child) waitLine(ctx context.Context, prefix string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	select {
	case line := <-c.line:
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return rest, nil
		}
		return "", fmt.Errorf("unexpected output %q", line)
	case <-c.done:
		return "", fmt.Errorf("it ended at its start: %s", c.tail())
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// stop has the process end in order, kills it where that takes too long, and waits for it.
func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop process %d: %w", c.pid, err)
	}
	select {
	case <-c.done:
		return nil
	case <-time.After(stopPatience):
	}
	err := c.cmd.Process.Kill()
	<-c.done
	return errors.Join(fmt.Errorf("process %d did not stop in %s and was killed", c.pid, stopPatience), err)
}

// tail is the end of the process' log.
func (c *child) tail() string {
	log, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-logShown):])
}
