package codec

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"voicerelay/audio"
	"voicerelay/config/check"
)

// Config says which programs compress audio.
type Config struct {
	// MP3 and Opus, in Ogg, are made by a program of the machine.
	MP3  ProgramConfig `yaml:"mp3"`
	Opus ProgramConfig `yaml:"opus"`
}

// ProgramConfig is a program that reads signed 16-bit little-endian mono samples from standard input, and writes a compressed
// stream to standard output.
type ProgramConfig struct {
	// Command is the program and its arguments, in which {rate} stands for the sample rate in hertz and {kbps} for the bit
	// rate in kbit/s. Default: a program that is found on PATH, of those that are known.
	Command []string `yaml:"command"`
	// MaxRunning is how many run at once; a generation that needs one more is refused. Default: 32.
	MaxRunning int `yaml:"max_running"`
}

// usualRunning is what encodes 32 voices at a fraction of one processor, and takes less than 1 GiB by the largest program.
const usualRunning = 32

// maxRunning bounds the bound.
const maxRunning = 4096

// DefaultConfig are the settings of a configuration that says nothing.
func DefaultConfig() Config {
	program := ProgramConfig{MaxRunning: usualRunning}
	return Config{MP3: program, Opus: program}
}

// Marks of a command.
const (
	rateMark = "{rate}"
	kbpsMark = "{kbps}"
)

// markPattern finds marks, and what was meant for one.
var markPattern = regexp.MustCompile(`\{[a-z_]+\}`)

// Validate reports each fault with the field that has it.
func (c Config) Validate(report func(field, reason string)) {
	for _, p := range c.programs() {
		name := string(p.encoding)
		check.Range(report, name+".max_running", p.config.MaxRunning, 1, maxRunning)
		if p.config.Command == nil {
			continue
		}
		if err := checkCommand(p.config.Command); err != nil {
			report(name+".command", err.Error())
		}
	}
}

// Equal reports whether two say the same.
func (c Config) Equal(other Config) bool {
	return c.MP3.equal(other.MP3) && c.Opus.equal(other.Opus)
}

func (p ProgramConfig) equal(other ProgramConfig) bool {
	return (p.Command == nil) == (other.Command == nil) && slices.Equal(p.Command, other.Command) && p.MaxRunning == other.MaxRunning
}

// encodingConfig is what is said of an encoding.
type encodingConfig struct {
	encoding audio.Encoding
	config   ProgramConfig
}

// programs are the encodings that programs make.
func (c Config) programs() []encodingConfig {
	return []encodingConfig{{audio.MP3, c.MP3}, {audio.Opus, c.Opus}}
}

func checkCommand(command []string) error {
	if len(command) == 0 || command[0] == "" {
		return errors.New("must be a list of the program and its arguments")
	}
	for i, arg := range command {
		for _, mark := range markPattern.FindAllString(arg, -1) {
			switch {
			case i == 0:
				return errors.New("the program itself can't be a placeholder")
			case mark != rateMark && mark != kbpsMark:
				return fmt.Errorf("unknown placeholder %s; there are {rate} and {kbps}", mark)
			}
		}
	}
	return nil
}
