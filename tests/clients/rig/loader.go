package rig

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"voicerelay/tests/foreign/packages"
)

// loader runs programs in Python, each in a process that is forked from one which has their packages already:
// importing them takes longer than most programs do.
type loader struct {
	socket string
	log    string    // what it prints, which packages do as they are imported
	input  io.Closer // it ends with its standard input, at the latest with this process
}

// started is the loader, once a process.
var started = sync.OnceValues(func() (*loader, error) {
	interpreter, err := python()
	if err != nil {
		return nil, err
	}
	return startLoader(interpreter)
})

// loaderTime bounds the loader's own start.
const loaderTime = 30 * time.Second

func startLoader(interpreter string) (*loader, error) {
	dir, err := os.MkdirTemp(folder, "loader")
	if err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "loader.py")
	text, err := pythonFiles.ReadFile("python/loader.py")
	if err == nil {
		err = os.WriteFile(script, text, 0o600)
	}
	if err != nil {
		return nil, err
	}
	l := &loader{socket: filepath.Join(dir, "socket"), log: filepath.Join(dir, "log")}
	log, err := os.Create(l.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the program has its own
	program := exec.Command(interpreter, "-P", script, l.socket)
	program.Dir, program.Stderr = dir, log
	program.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8",
		"PYTHONPYCACHEPREFIX=" + packages.Compiled(interpreter),
	}
	if l.input, err = program.StdinPipe(); err != nil {
		return nil, err
	}
	ready, err := program.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := program.Start(); err != nil {
		return nil, err
	}
	late := time.AfterFunc(loaderTime, func() { _ = l.input.Close() }) // which ends it
	defer late.Stop()
	if line, err := bufio.NewReader(ready).ReadString('\n'); err != nil {
		printed, _ := os.ReadFile(l.log)
		return nil, fmt.Errorf("the loader says %q: %w\n%s", line, errors.Join(err, program.Wait()), tail(string(printed)))
	}
	return l, nil
}

// execute runs a program whose first argument is its path. Modules of its folder are found by programs before all others.
func (l *loader) execute(ctx context.Context, j job) (stdout, stderr []byte, err error) {
	asked := struct {
		job
		Stdout string `json:"stdout"`
		Stderr string `json:"stderr"`
	}{j, filepath.Join(j.Dir, "stdout"), filepath.Join(j.Dir, "stderr")}
	err = l.ask(ctx, asked)
	stdout, outErr := os.ReadFile(asked.Stdout)
	stderr, errErr := os.ReadFile(asked.Stderr)
	return stdout, stderr, errors.Join(err, outErr, errErr)
}

// ask has a program run, and waits until it has ended well. The program ends with the connection.
func (l *loader) ask(ctx context.Context, asked any) error {
	connection, err := new(net.Dialer).DialContext(ctx, "unix", l.socket)
	if err != nil {
		return err
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	if err := json.NewEncoder(connection).Encode(asked); err != nil {
		return err
	}
	status, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		printed, _ := os.ReadFile(l.log) // what is missing there, the error says
		return fmt.Errorf("the loader: %w\n%s", err, tail(string(printed)))
	}
	if status = strings.TrimSpace(status); status != "0" {
		return fmt.Errorf("exit status %s", status)
	}
	return nil
}
