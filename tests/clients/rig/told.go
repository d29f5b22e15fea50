package rig

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// programTime bounds a program. Most take five seconds, nearly all of it for loading their packages, and those of several tests
// share the cores.
const programTime = 2 * time.Minute

// Line is one thing that a program has noticed. Only what was noticed is set.
type Line struct {
	At    float64 `json:"at"` // seconds since the program began
	ID    string  `json:"id"` // of a turn; empty where a program has one only
	Audio []byte  `json:"audio"`
	Words []Word  `json:"words"`
	Ended bool    `json:"ended"` // the turn is over, without an error
	Error *Error  `json:"error"`
	Log   *Log    `json:"log"`
	Note  any     `json:"note"` // whatever else a test wants to know
}

// Word is a word with its times, in seconds of the turn's audio.
type Word struct {
	Text  string  `json:"text"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

// Error is how a client's call failed.
type Error struct {
	Type    string `json:"type"` // of the exception
	Message string `json:"message"`
	Status  int    `json:"status"` // of HTTP; 0: the exception has none
}

// Log is a line of the client's own logger, at warning or above.
type Log struct {
	Level  string `json:"level"`
	Logger string `json:"logger"`
	Text   string `json:"text"`
}

// Told is what a program has told, in its order.
type Told struct{ Lines []Line }

// job is a program to run, with all of its environment.
type job struct {
	Argv []string `json:"argv"`
	Dir  string   `json:"dir"`
	Env  []string `json:"env"`
}

// job is a program that speaks to the relay, from a folder of its own.
func (r *Rig) job(dir string, argv []string, environment ...string) job {
	// Nothing of the machine's, where there may be a proxy or another key.
	return job{Argv: argv, Dir: dir, Env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + dir, "LANG=C.UTF-8",
		"RELAY_URL=" + r.URL, "RELAY_KEY=" + r.Key,
	}, environment...)}
}

// run runs a program, and reads what it tells.
func (r *Rig) run(t *testing.T, j job, execute func(ctx context.Context, j job) (stdout, stderr []byte, err error)) *Told {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), programTime)
	defer cancel()
	stdout, stderr, err := execute(ctx, j)
	told, misread := read(bytes.NewReader(stdout))
	if err := errors.Join(ctx.Err(), err, misread); err != nil {
		t.Fatalf("%v: %v\n%s\nthe relay:\n%s", j.Argv, err, told.excerpt()+tail(string(stderr)), r.Log)
	}
	return told
}

// execute runs a program in a process of its own.
func execute(ctx context.Context, j job) (stdout, stderr []byte, err error) {
	program := exec.CommandContext(ctx, j.Argv[0], j.Argv[1:]...)
	var out, errs bytes.Buffer
	program.Dir, program.Env, program.Stdout, program.Stderr = j.Dir, j.Env, &out, &errs
	program.WaitDelay = time.Second // for what a program has started
	err = program.Run()
	return out.Bytes(), errs.Bytes(), err
}

// read reads lines of JSON, and passes over what else libraries print.
func read(printed io.Reader) (*Told, error) {
	told := &Told{}
	for lines := bufio.NewReader(printed); ; {
		text, err := lines.ReadBytes('\n')
		var line Line
		switch foreign := (pino{}); {
		case json.Unmarshal(text, &line) == nil && line.At > 0:
			told.Lines = append(told.Lines, line)
		case json.Unmarshal(text, &foreign) == nil && foreign.Level >= pinoWarning:
			told.Lines = append(told.Lines, Line{Log: &Log{Level: "warning or above", Logger: "pino", Text: strings.TrimSpace(string(text))}})
		}
		if errors.Is(err, io.EOF) {
			return told, nil
		} else if err != nil {
			return told, err
		}
	}
}

// pino is a line of the logger that LiveKit's packages for Node use.
type pino struct {
	Level   int    `json:"level"`
	Message string `json:"msg"`
}

// pinoWarning is the level of a warning.
const pinoWarning = 40

// shown is how much of a program's output a failure shows, in bytes.
const shown = 6000

func tail(s string) string { return s[max(0, len(s)-shown):] }

// excerpt is what a program has told, without its audio.
func (told *Told) excerpt() string {
	var text strings.Builder
	for _, line := range told.Lines {
		if len(line.Audio) > 0 {
			continue
		}
		if data, err := json.Marshal(line); err == nil {
			text.Write(append(data, '\n'))
		}
	}
	return tail(text.String())
}
