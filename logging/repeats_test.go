package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// loggedLines are a log's lines, decoded.
func loggedLines(t *testing.T, log *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(log.String()) {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, fields)
	}
	return all
}

func TestAFaultThatStandsIsLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		log := NewForm(zerolog.InfoLevel, false, &text).Logger()
		for range 25 { // 125 s: lines after 0, 60 and 120
			log.Warn().Str("provider", "a").Str("error", "refused").Msg("vendor socket not opened ahead")
			time.Sleep(5 * time.Second)
		}
		lines := loggedLines(t, &text)
		if len(lines) != 3 || lines[0]["repeats"] != nil || lines[1]["repeats"] != 11.0 || lines[2]["repeats"] != 11.0 {
			t.Errorf("got %v, want three lines in two minutes, which count the others", lines)
		}
	})
}

func TestLinesThatDifferAreAllLogged(t *testing.T) {
	var text bytes.Buffer
	log := NewForm(zerolog.InfoLevel, false, &text).Logger()
	for _, provider := range []string{"a", "b"} {
		log.Warn().Str("provider", provider).Msg("vendor socket not opened ahead")
	}
	for range 3 { // of things that happen, not of a fault that stands
		log.Error().Str("at", "config.yaml:1:1").Msg("configuration")
		log.Warn().Str("provider", "a").Str("circuit", "open").Msg("circuit changed")
	}
	log.Warn().Str("error", `"message":"redis"}`).Msg("configuration") // a field that looks like a message is none
	if lines := loggedLines(t, &text); len(lines) != 9 {
		t.Errorf("got %d lines, want 9: %v", len(lines), lines)
	}
}

func TestFewLinesAreRemembered(t *testing.T) {
	r := newRepeats()
	began := time.Now()
	for i := range 10 * maxRepeats {
		line := fmt.Appendf(nil, "{\"error\":\"%d\",\"message\":\"redis\"}\n", i)
		if r.pass(line, began) == nil {
			t.Fatalf("line %d was held back", i)
		}
	}
	if len(r.known) > maxRepeats {
		t.Errorf("%d lines are remembered, want at most %d", len(r.known), maxRepeats)
	}
}

// What no source logs any more has no place in the list, which is searched by halves.
func TestRepeatingMessagesAreThoseOfTheSource(t *testing.T) {
	if !slices.IsSorted(repeating) {
		t.Errorf("%q is not sorted", repeating)
	}
	var source strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		source.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range repeating {
		if !strings.Contains(source.String(), fmt.Sprintf(".Msg(%q)", message)) {
			t.Errorf("nothing logs %q", message)
		}
	}
}
