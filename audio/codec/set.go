package codec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"voicerelay/audio"
	"voicerelay/program"
)

// What Open may refuse with; its error says more.
var (
	// ErrMissing: this machine has no encoder of the format.
	ErrMissing = errors.New("no encoder")
	// ErrBusy: as many programs run as may.
	ErrBusy = errors.New("too many encoders run")
)

// Set is what can compress audio here. It is safe for concurrent use.
type Set struct {
	// Static after New.
	launcher *program.Launcher
	programs map[audio.Encoding]*compressor // those that work
}

// compressor is a program that makes an encoding.
type compressor struct {
	// Static after New.
	command []string
	running chan struct{} // a place for each that may run
}

// limits bound an encoder. It writes no file, and an hour of computing compresses days of audio.
func limits() program.Limits {
	held := program.DefaultLimits()
	held.FileBytes, held.CPUTime = 0, time.Hour
	return held
}

// New finds the programs of a configuration, and tries each. Its errors say what was configured or found and does not work;
// the set is without it.
func New(ctx context.Context, cfg Config) (*Set, []error) {
	s := &Set{launcher: program.NewLauncher(program.Config{Limits: limits()}), programs: make(map[audio.Encoding]*compressor)}
	var failed []error
	for _, p := range cfg.programs() {
		candidates := known[p.encoding]
		if p.config.Command != nil {
			candidates = [][]string{p.config.Command}
		}
		for _, command := range candidates {
			if _, err := exec.LookPath(command[0]); err != nil && p.config.Command == nil {
				continue
			}
			s.programs[p.encoding] = &compressor{command: command, running: make(chan struct{}, p.config.MaxRunning)}
			err := s.try(ctx, p.encoding)
			if err == nil {
				break
			}
			delete(s.programs, p.encoding)
			failed = append(failed, fmt.Errorf("encoder of %s: %s: %w", p.encoding, command[0], err))
		}
	}
	return s, failed
}

// try compresses a moment of silence.
func (s *Set) try(ctx context.Context, encoding audio.Encoding) error {
	f := Format{Format: audio.Format{Encoding: encoding, Rate: 24000}}
	file, err := s.Compress(ctx, f, f.Samples().Silence(f.Rate/10))
	if err == nil && len(file) == 0 {
		err = errors.New("it gives nothing")
	}
	return err
}

// Formats are the compressed encodings that there are, in the order in which clients are told of them.
func (s *Set) Formats() []audio.Encoding {
	return slices.DeleteFunc([]audio.Encoding{audio.FLAC, audio.MP3, audio.Opus}, func(e audio.Encoding) bool { return !s.has(e) })
}

func (s *Set) has(e audio.Encoding) bool { return e == audio.FLAC || s != nil && s.programs[e] != nil }

// Summary says what makes each encoding, in a line.
func (s *Set) Summary() string {
	var parts []string
	for _, e := range []audio.Encoding{audio.MP3, audio.Opus} {
		maker := "none"
		if s.has(e) {
			maker = s.programs[e].command[0]
		}
		parts = append(parts, string(e)+" "+maker)
	}
	return "flac built in, " + strings.Join(parts, ", ")
}

// Same reports whether two sets have the same programs, as many of which may run.
func (s *Set) Same(other *Set) bool {
	return maps.EqualFunc(s.programs, other.programs, func(a, b *compressor) bool {
		return slices.Equal(a.command, b.command) && cap(a.running) == cap(b.running)
	})
}

// Check reports why there is no stream of a format; nil: there is one, unless too many run.
func (s *Set) Check(f Format) error {
	if err := f.validate(); err != nil {
		return err
	}
	if s.has(f.Encoding) {
		return nil
	}
	return fmt.Errorf("%w of %s: it takes %s on the relay's machine, or another program that encoders.%s names",
		ErrMissing, f.Encoding, strings.Join(names(f.Encoding), " or "), f.Encoding)
}

// names are the programs that are known to make an encoding.
func names(e audio.Encoding) (all []string) {
	for _, command := range known[e] {
		all = append(all, command[0])
	}
	return all
}

// Open begins a stream, which must be closed, and ends at once when ctx does. It never waits: a program may still be starting.
// A nil set has FLAC.
func (s *Set) Open(ctx context.Context, f Format) (*Stream, error) {
	if err := s.Check(f); err != nil {
		return nil, err
	}
	out := newOutput()
	if f.Encoding == audio.FLAC {
		return &Stream{encoder: newFLAC(f.Rate, out), out: out, release: func() {}}, nil
	}
	c := s.programs[f.Encoding]
	select {
	case c.running <- struct{}{}:
	default:
		return nil, fmt.Errorf("%w: %d of %s", ErrBusy, cap(c.running), f.Encoding)
	}
	return &Stream{
		encoder: startProcess(ctx, s.launcher, c.arguments(f), f.Format, out),
		out:     out,
		release: func() { <-c.running },
	}, nil
}

// arguments are the command for a format.
func (c *compressor) arguments(f Format) []string {
	marks := strings.NewReplacer(rateMark, strconv.Itoa(f.Rate), kbpsMark, strconv.Itoa(f.kbps()))
	command := slices.Clone(c.command)
	for i, arg := range command[1:] {
		command[1+i] = marks.Replace(arg)
	}
	return command
}

// Compress is a whole stream of samples.
func (s *Set) Compress(ctx context.Context, f Format, pcm []byte) ([]byte, error) {
	stream, err := s.Open(ctx, f)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if _, err := stream.Write(pcm); err != nil {
		return nil, err
	}
	if err := stream.Finish(); err != nil {
		return nil, err
	}
	return stream.Take(nil)
}

// Close ends what the set runs. All its streams must have been closed, and none be opened any more. A nil set has nothing to end.
func (s *Set) Close() error {
	if s == nil {
		return nil
	}
	return s.launcher.Close()
}
