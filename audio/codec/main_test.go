package codec

import (
	"encoding/binary"
	"io"
	"log"
	"math"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"voicerelay/audio"
	"voicerelay/program"
)

func TestMain(m *testing.M) {
	if code, done := program.Inside(os.Args[1:]); done {
		syscall.Exit(code) // os.Exit would rest for a second where the race detector is on
	}
	log.SetOutput(io.Discard) // the decoder of FLAC tells which rates its own tests lack
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for a program.
const patience = time.Minute

// tone is so much of a tone, as samples.
func tone(hertz float64, rate int, d time.Duration) []byte {
	n := int(audio.Samples(d, rate))
	pcm := make([]byte, 0, 2*n)
	for i := range n {
		v := math.Round(12000 * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate)))
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(v)))
	}
	return pcm
}

func samples(pcm []byte) []float64 {
	values := make([]float64, len(pcm)/2)
	for i := range values {
		values[i] = float64(int16(binary.LittleEndian.Uint16(pcm[2*i:])))
	}
	return values
}

// share is how much of the power of samples a tone has: 1 if they are nothing else.
func share(values []float64, hertz float64, rate int) float64 {
	var sin, cos, all float64
	for i, v := range values {
		s, c := math.Sincos(2 * math.Pi * hertz * float64(i) / float64(rate))
		sin, cos, all = sin+v*s, cos+v*c, all+v*v
	}
	return (sin*sin + cos*cos) * 2 / float64(len(values)) / max(all, 1)
}

// decode has ffmpeg decode a file to samples at a rate.
func decode(t *testing.T, file []byte, rate int) []byte {
	t.Helper()
	need(t, "ffmpeg")
	path := t.TempDir() + "/compressed"
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin", "-i", path, "-f", "s16le", "-ac", "1", "-ar", strconv.Itoa(rate), "pipe:1")
	cmd.Stderr = os.Stderr
	pcm, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg does not decode it: %v", err)
	}
	return pcm
}

// need skips a test without a program.
func need(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
}

// with is a set whose MP3 is made by a command, which was not tried.
func with(t *testing.T, most int, command ...string) *Set {
	t.Helper()
	s := &Set{
		launcher: program.NewLauncher(program.Config{Folder: t.TempDir(), Limits: testLimits()}),
		programs: map[audio.Encoding]*compressor{
			audio.MP3:  {command: command, running: make(chan struct{}, most)},
			audio.Opus: {command: command, running: make(chan struct{}, most)},
		},
	}
	closing(t, s)
	return s
}

func closing(t *testing.T, s *Set) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// testLimits are those of encoders, but that the test's own binary maps terabytes with the race detector.
func testLimits() program.Limits {
	held := limits()
	held.AddressSpace = 0
	return held
}

// open opens a stream that is closed with the test.
func open(t *testing.T, s *Set, e audio.Encoding, rate int) *Stream {
	t.Helper()
	stream, err := s.Open(t.Context(), Format{Format: audio.Format{Encoding: e, Rate: rate}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stream.Close)
	return stream
}

// write writes samples in pieces of so many bytes.
func write(t *testing.T, s *Stream, pcm []byte, piece int) {
	t.Helper()
	for len(pcm) > 0 {
		n := min(piece, len(pcm))
		if _, err := s.Write(pcm[:n]); err != nil {
			t.Fatal(err)
		}
		pcm = pcm[n:]
	}
}

// finish is all that a stream gives.
func finish(t *testing.T, s *Stream) []byte {
	t.Helper()
	if err := s.Finish(); err != nil {
		t.Fatal(err)
	}
	file, err := s.Take(nil)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
