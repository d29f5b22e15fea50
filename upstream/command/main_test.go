package command

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/program"
	"voicerelay/upstream/upstreamtest"
)

// The test binary is also the program that the tests run, where its first argument says so.
func TestMain(m *testing.M) {
	if code, done := program.Inside(os.Args[1:]); done {
		syscall.Exit(code)
	}
	maps.Copy(programs, systemPrograms)
	if len(os.Args) > 2 && os.Args[1] == asProgram {
		// os.Exit would rest for a second where the race detector is on.
		syscall.Exit(programs[os.Args[2]](os.Args[3:]))
	}
	goleak.VerifyTestMain(m)
}

const asProgram = "as-program"

// self is a command that runs one of the programs below.
func self(name string, args ...string) []string {
	return append([]string{os.Args[0], asProgram, name}, args...)
}

// programs are what can be run; each returns its exit status.
var programs = map[string]func(args []string) int{
	"wav":     func([]string) int { return write(audio.WAVHeader(24000), upstreamtest.Speech(input())) },
	"raw":     func([]string) int { return write(upstreamtest.Speech(input())) },
	"file":    speakFile,
	"naive":   speakNaively,
	"report":  report,
	"say":     func(args []string) int { return write([]byte(args[0])) },
	"fail":    func([]string) int { input(); return 3 },
	"break":   func([]string) int { write(audio.WAVHeader(24000), make([]byte, 9600)); return 3 },
	"silence": func([]string) int { input(); return write(audio.WAVHeader(24000)) },
	"odd":     func([]string) int { return write(audio.WAVHeader(11025), make([]byte, 9600)) },
	"stall":   func([]string) int { write(audio.WAVHeader(24000), make([]byte, 9600)); select {} },
	"hang":    func([]string) int { select {} },
	"endless": func([]string) int { return endless() },
	"meet":    meet,
	"parent":  parent,
	"leave":   leave,
}

// input is the text that a program gets, which is one line.
func input() string {
	text, err := io.ReadAll(os.Stdin)
	line, ok := strings.CutSuffix(string(text), "\n")
	if err != nil || !ok || strings.Contains(line, "\n") {
		os.Exit(9)
	}
	return line
}

func write(parts ...[]byte) int {
	for _, part := range parts {
		if _, err := os.Stdout.Write(part); err != nil {
			return 8
		}
	}
	return 0
}

// speakFile speaks a file, and nothing where there is a standard input too.
func speakFile(args []string) int {
	text, err := os.ReadFile(args[0])
	if rest, _ := io.ReadAll(os.Stdin); err != nil || len(rest) > 0 {
		return 7
	}
	return write(audio.WAVHeader(24000), upstreamtest.Speech(strings.TrimSuffix(string(text), "\n")))
}

// speakNaively obeys options as espeak-ng has them, wherever they stand: -fPATH speaks a file.
func speakNaively(args []string) int {
	text := input()
	for _, arg := range args {
		if path, ok := strings.CutPrefix(arg, "-f"); ok {
			content, _ := os.ReadFile(path)
			text = string(content)
		}
	}
	return write(audio.WAVHeader(24000), upstreamtest.Speech(text))
}

// seen is what a program finds when it starts.
type seen struct {
	Args, Env  []string
	Input      string
	Mode       os.FileMode // of the file that the first argument names, if it is one
	Content    string
	Folder     string // the working directory
	FolderMode os.FileMode
}

// report gives what it finds in place of audio.
func report(args []string) int {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 7
	}
	s := seen{Args: args, Env: os.Environ(), Input: string(text)}
	if info, err := os.Stat(args[0]); err == nil {
		content, _ := os.ReadFile(args[0])
		s.Mode, s.Content = info.Mode(), string(content)
	}
	if s.Folder, err = os.Getwd(); err != nil {
		return 7
	}
	if info, err := os.Stat("."); err == nil {
		s.FolderMode = info.Mode()
	}
	told, err := json.Marshal(s)
	if err != nil {
		return 7
	}
	if len(told)%2 != 0 {
		told = append(told, ' ')
	}
	return write(told)
}

func endless() int {
	write(audio.WAVHeader(24000))
	for {
		if code := write(bytes.Repeat([]byte{1, 0}, 4096)); code != 0 {
			return code
		}
	}
}

// meet shows that it lives by a connection to an address, and speaks when it is told to.
func meet(args []string) int {
	conn, err := net.Dial("tcp", args[0])
	if err != nil {
		return 7
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return 6
	}
	return write(audio.WAVHeader(24000), upstreamtest.Speech(input()))
}

// parent has a child that lives on its own, and waits for it.
func parent(args []string) int {
	child := exec.Command(os.Args[0], asProgram, "meet", args[0])
	child.Stdin, child.Stdout = os.Stdin, os.Stdout
	if err := child.Run(); err != nil {
		return 7
	}
	return 0
}

// leave speaks and ends while a child of it holds its output.
func leave(args []string) int {
	child := exec.Command(os.Args[0], asProgram, "meet", args[0])
	child.Stdout = os.Stdout
	if err := child.Start(); err != nil {
		return 7
	}
	return write(audio.WAVHeader(24000), upstreamtest.Speech(input()))
}
