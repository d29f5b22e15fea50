package voice

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"voicerelay/audio"
)

// Bounds of hibari, which loads in a second or two and speaks a hundred times as fast as it is heard.
const (
	hibariLoading  = 15 * time.Second
	hibariPatience = 10 * time.Second
	hibariOutput   = 64 << 20 // bytes, some 23 minutes
	hibariRate     = 24000    // hertz
)

// hibariProgram says the texts of its standard input, a line of JSON each, and answers with how many bytes of samples follow, and those.
// What the package prints must not come between.
const hibariProgram = `
import json, os, struct, sys
out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
import numpy as np
from hibari import Hibari
voice = Hibari()
voice("Ready.")
out.write(struct.pack("<I", 0))
out.flush()
for line in sys.stdin:
    order = json.loads(line)
    samples = (np.clip(voice(order["text"], speed=order["speed"]), -1, 1) * 32767).astype("<i2").tobytes()
    out.write(struct.pack("<I", len(samples)) + samples)
    out.flush()
`

// Hibari is an English voice, a small neural network in a package of Python's, which needs no network. It runs as a program until Close.
type Hibari struct {
	program *exec.Cmd
	over    context.CancelFunc // kills the program

	mu  sync.Mutex // guards what follows; held while a text is said
	in  io.WriteCloser
	out *bufio.Reader
}

// StartHibari starts it. An error says that it is not installed, or does not load.
func StartHibari() (*Hibari, error) {
	life, over := context.WithCancel(context.Background())
	h := &Hibari{program: exec.CommandContext(life, "python3", "-c", hibariProgram), over: over}
	h.program.WaitDelay = time.Second
	var out io.Reader
	var err error
	if h.in, err = h.program.StdinPipe(); err == nil {
		out, err = h.program.StdoutPipe()
	}
	if err == nil {
		err = h.program.Start()
	}
	if err != nil {
		over()
		return nil, fmt.Errorf("hibari: %w", err)
	}
	h.out = bufio.NewReader(out)
	if _, err := h.hear(hibariLoading); err != nil {
		return nil, errors.Join(fmt.Errorf("hibari does not load: %w", err), h.Close())
	}
	return h, nil
}

// Speak says a text in real words, as SpeakAloud does. Texts are said one after the other.
func (h *Hibari) Speak(_ context.Context, text string, rate int, speed float64) (Spoken, error) {
	order, err := json.Marshal(map[string]any{"text": text, "speed": speed})
	if err != nil {
		return Spoken{}, fmt.Errorf("hibari: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, err := h.in.Write(append(order, '\n')); err != nil {
		return Spoken{}, fmt.Errorf("hibari: %w", err)
	}
	// No context ends the wait: an answer that nobody reads would be the next one's.
	samples, err := h.hear(hibariPatience)
	if err != nil {
		return Spoken{}, fmt.Errorf("hibari: %w", err)
	}
	converter, err := audio.NewConverter(audio.Format{Encoding: audio.PCM16, Rate: hibariRate}, audio.Format{Encoding: audio.PCM16, Rate: rate})
	if err != nil {
		return Spoken{}, fmt.Errorf("hibari's audio: %w", err)
	}
	pcm := decodePCM(converter.Flush(converter.Convert(nil, samples)))
	length := time.Duration(len(pcm)) * time.Second / time.Duration(rate)
	return Spoken{PCM: pcm, Words: spread(Words(text), length)}, nil
}

// hear reads an answer. A program that gives none in time is killed.
func (h *Hibari) hear(patience time.Duration) ([]byte, error) {
	late := time.AfterFunc(patience, h.over)
	defer late.Stop()
	var size [4]byte
	if _, err := io.ReadFull(h.out, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n > hibariOutput {
		h.over()
		return nil, fmt.Errorf("%d bytes of audio", n)
	}
	samples := make([]byte, n)
	_, err := io.ReadFull(h.out, samples)
	return samples, err
}

// Close ends the program, and returns once it has ended.
func (h *Hibari) Close() error {
	h.over()
	_ = h.program.Wait() // it was killed
	return nil
}
