package real_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/tests/process"
)

// listening bounds the recogniser, which takes about as long for a text as that is heard for.
const listening = 5 * time.Minute

// earRate is the rate that the recogniser was made for, in hertz.
const earRate = 16000

// sound is audio with the text that ought to be in it.
type sound struct {
	pcm  []int16 // at rate
	text string
	join int // samples before another voice goes on; 0: none does
}

// heard is what the recogniser hears in a sound.
type heard struct {
	free  []string    // words, by one who does not know the text
	known []knownWord // words of the text, by one who does
}

// knownWord is a word of the text, by its place there, with its times.
type knownWord struct {
	index      int
	start, end time.Duration
}

// listen has sounds recognised. freely: also by who does not know their texts, which takes some ten times as long.
func listen(t *testing.T, sounds map[string]sound, freely bool) map[string]heard {
	t.Helper()
	interpreter, err := python()
	process.Need(t, err)
	dir := t.TempDir()
	var input bytes.Buffer
	for name, s := range sounds {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, toEar(t, s.pcm), 0o600); err != nil {
			t.Fatal(err)
		}
		item := map[string]any{"file": path, "text": s.text, "join": nil, "freely": freely}
		if s.join > 0 {
			item["join"] = length(s.join).Seconds()
		}
		line, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		input.Write(append(line, '\n'))
	}
	ctx, cancel := context.WithTimeout(t.Context(), listening)
	defer cancel()
	program := exec.CommandContext(ctx, interpreter, here(t, "ear.py"), "2")
	var out, log bytes.Buffer
	program.Dir, program.Env, program.Stdin, program.Stdout, program.Stderr = dir, process.Environment(dir), &input, &out, &log
	program.WaitDelay = time.Second
	if err := program.Run(); err != nil {
		t.Fatalf("the ear: %v\n%s", err, log.String())
	}
	all := make(map[string]heard)
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var told struct {
			File  string
			Free  []string
			Known [][3]float64 // place, start, end
		}
		if err := json.Unmarshal(lines.Bytes(), &told); err != nil {
			t.Fatalf("the ear: %.200s: %v", lines.Text(), err)
		}
		h := heard{free: told.Free}
		for _, w := range told.Known {
			h.known = append(h.known, knownWord{int(w[0]), seconds(w[1]), seconds(w[2])})
		}
		all[filepath.Base(told.File)] = h
	}
	if len(all) != len(sounds) {
		t.Fatalf("the ear heard %d sounds of %d\n%s", len(all), len(sounds), log.String())
	}
	return all
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// toEar is what the recogniser takes.
func toEar(t *testing.T, pcm []int16) []byte {
	t.Helper()
	raw := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	c, err := audio.NewConverter(audio.Format{Encoding: audio.PCM16, Rate: rate}, audio.Format{Encoding: audio.PCM16, Rate: earRate})
	if err != nil {
		t.Fatal(err)
	}
	return c.Flush(c.Convert(nil, raw))
}

var wordPattern = regexp.MustCompile(`[a-z']+`)

// wordsOf are a text's words, as the ear counts them.
func wordsOf(text string) []string { return wordPattern.FindAllString(strings.ToLower(text), -1) }

// missing are the places in a text of whose words none was heard.
func (h heard) missing(words int) (places []int) {
	said := make(map[int]bool)
	for _, w := range h.known {
		said[w.index] = true
	}
	for i := range words {
		if !said[i] {
			places = append(places, i)
		}
	}
	return places
}

// doubled is how many words were heard that had been heard before.
func (h heard) doubled() (n int) {
	next := 0
	for _, w := range h.known {
		if w.index < next {
			n++
		}
		next = max(next, w.index+1)
	}
	return n
}

// recognised is how many of a text's words stand in what was freely heard, in their order.
func (h heard) recognised(text string) int {
	want, got := wordsOf(text), h.free
	best := make([]int, len(got)+1) // of the words of want so far
	for _, w := range want {
		before := 0 // best of one word less, up to the word before
		for j, g := range got {
			here := best[j+1]
			if w == g {
				best[j+1] = before + 1
			}
			best[j+1] = max(best[j+1], best[j])
			before = here
		}
	}
	return best[len(got)]
}
