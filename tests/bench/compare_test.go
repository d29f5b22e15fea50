package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	former, now := testReport(), testReport()
	for _, r := range now.Levels[0].Rounds[relayPath] {
		r.CPUPerFrame /= 2
	}
	now.Memory[nginxPath] = &memory{Base: 10}
	now.Memory[relayPath].Idle *= 2
	former.summarize()
	now.summarize()
	var out bytes.Buffer
	if err := now.compare(former).write(&out); err != nil {
		t.Fatal(err)
	}
	const at = "| 1000 generations at real time: "
	for _, want := range []string{
		"### Since some day",
		at + "CPU a frame | us | relay | 55.0 [50.0 - 60.0] | 27.5 [25.0 - 30.0] | -50 % | |",
		at + "CPU a frame | us | nginx | 20.0 | 20.0 | +0 % | within the spread |",
		at + "CPU a frame | | relay / nginx | 2.75 [2.50 - 3.00] | 1.38 [1.25 - 1.50] | -50 % | |",
	} {
		if !strings.Contains(unpadded(out.String()), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
	if got := unpadded(out.String()); !strings.Contains(got, "| Memory: more an idle connection | KB | relay | 12.3 | 24.7 | +100 % | of one round each |") {
		t.Errorf("does not say that one round is little:\n%s", got)
	}
	if strings.Contains(out.String(), "KB | nginx") {
		t.Errorf("compares what the former run did not measure:\n%s", &out)
	}
}

func TestNoFormerResult(t *testing.T) {
	if r, err := readFormer(""); r != nil || err != nil {
		t.Errorf("got %v, %v where none is asked for", r, err)
	}
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{broken, broken + "x"} {
		if _, err := readFormer(path); err == nil || !strings.Contains(err.Error(), "former result") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
