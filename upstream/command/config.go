package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/program"
	"voicerelay/upstream"
)

// What stands in a command for something of the piece.
const (
	voiceMark = "{voice}" // the voice's id
	fileMark  = "{file}"  // the name of a file that has the text
)

// Config is the adapter's options in the configuration.
type Config struct {
	// Command is the program and its arguments, in which {voice} stands for the voice's id and {file} for the name of a
	// private file with the text, in the run's folder. Without {file} the program gets the text by standard input. It must
	// not be told to take the text for markup, which could name files. Default: espeak-ng.
	Command []string `yaml:"command"`
	// Output is what the program writes to standard output. Default: a WAV file.
	Output Output `yaml:"output"`
	// Timeout bounds a piece, with the wait for other programs to end. Default: 15s.
	Timeout time.Duration `yaml:"timeout"`
	// MaxOutputBytes bounds what a program may write for a piece. Default: 8 MiB, three minutes of espeak-ng.
	MaxOutputBytes int `yaml:"max_output_bytes"`
	// Processes is how many programs run at once; further pieces wait. Default: 8.
	Processes int `yaml:"processes"`
	// User is who the programs run as: a user's name, or uid:gid. It takes a relay that is root, or has the rights for it.
	// Default: the relay's own user.
	User string `yaml:"user"`
	// Folder is where each run of the program gets a folder of its own, which is its working directory and the place for its
	// temporary files. Default: voicerelay- and the relay's user id, in the system's folder for temporary files.
	Folder string `yaml:"folder"`
	// Limits bound what a program takes of the machine.
	Limits program.Limits `yaml:"limits"`
}

// Output is a layout of audio by the client protocol's names.
type Output struct {
	// Encoding is wav, whose header tells the rest, or one of bare samples.
	Encoding audio.Encoding `yaml:"encoding"`
	// SampleRate is that of bare samples, in hertz; 0 with wav.
	SampleRate int `yaml:"sample_rate"`
}

// defaults are the options where the configuration has none.
func defaults() Config {
	return Config{
		Command:        []string{"espeak-ng", "--stdin", "--stdout", "-v", voiceMark},
		Output:         Output{Encoding: audio.WAV},
		Timeout:        usualTimeout,
		MaxOutputBytes: usualOutputBytes,
		Processes:      usualProcesses,
		Limits:         program.DefaultLimits(),
	}
}

// Where the configuration says nothing. Config says why.
const (
	usualTimeout     = 15 * time.Second
	usualOutputBytes = 8 << 20
	usualProcesses   = 8
)

// Bounds of the bounds.
const (
	maxTimeout     = 5 * time.Minute
	maxOutputBytes = 256 << 20
	maxProcesses   = 1024
)

// Validate checks the options.
func (c *Config) Validate() error {
	if err := checkCommand(c.Command); err != nil {
		return fmt.Errorf("command%w", err)
	}
	if err := c.Output.validate(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	if c.Timeout < time.Millisecond || c.Timeout > maxTimeout {
		return fmt.Errorf("timeout: must be 1ms to %v", maxTimeout)
	}
	if c.MaxOutputBytes < 1 || c.MaxOutputBytes > maxOutputBytes {
		return fmt.Errorf("max_output_bytes: must be 1 to %d", maxOutputBytes)
	}
	if c.Processes < 1 || c.Processes > maxProcesses {
		return fmt.Errorf("processes: must be 1 to %d", maxProcesses)
	}
	if err := program.CheckAccount(c.User); err != nil {
		return fmt.Errorf("user: %w", err)
	}
	if err := c.Limits.Validate(); err != nil {
		return fmt.Errorf("limits.%w", err)
	}
	return nil
}

// Program is what must be installed.
func (c *Config) Program() string { return c.Command[0] }

// markPattern finds marks, and what was meant for one.
var markPattern = regexp.MustCompile(`\{[a-z_]+\}`)

// checkCommand refuses marks that are none, and {text} above all: a text that begins with a dash would be an option, and
// everyone on the machine could read it in the list of processes.
func checkCommand(command []string) error {
	if len(command) == 0 || command[0] == "" {
		return errors.New(": must be a list of the program and its arguments")
	}
	if markPattern.MatchString(command[0]) {
		return errors.New("[0]: the program itself can't be a placeholder")
	}
	for i, arg := range command {
		for _, mark := range markPattern.FindAllString(arg, -1) {
			switch mark {
			case voiceMark, fileMark:
			case "{text}":
				return fmt.Errorf("[%d]: {text} must not be an argument; the program gets the text by standard input, or in {file}", i)
			default:
				return fmt.Errorf("[%d]: unknown placeholder %s; there are {voice} and {file}", i, mark)
			}
		}
	}
	return nil
}

// checkPaths refuses arguments that name a file of the folder in which the relay was started: a program has another.
func checkPaths(command, voices []string) error {
	for i, arg := range command[1:] {
		for _, name := range append([]string{arg}, voices...) {
			path := strings.ReplaceAll(arg, voiceMark, name)
			if filepath.IsAbs(path) || !strings.ContainsRune(path, filepath.Separator) {
				continue
			}
			if _, err := os.Stat(path); err == nil {
				return &upstream.EnvError{
					Field:  "options",
					Reason: fmt.Sprintf("command[%d]: must name files by their whole path, since a program runs in a folder of its own", i+1),
				}
			}
		}
	}
	return nil
}

func (o Output) validate() error {
	if o.Encoding == audio.WAV {
		if o.SampleRate != 0 {
			return errors.New("sample_rate: is told by the WAV header itself")
		}
		return nil
	}
	if !slices.Contains(audio.Encodings, o.Encoding) {
		return fmt.Errorf("encoding: must be one of %v", audio.Encodings)
	}
	return o.format().Validate()
}

// format is that of bare samples.
func (o Output) format() audio.Format { return audio.Format{Encoding: o.Encoding, Rate: o.SampleRate} }
