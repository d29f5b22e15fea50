package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func printed(t *testing.T, r *report) string {
	t.Helper()
	r.summarize()
	var out bytes.Buffer
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	return unpadded(out.String())
}

// unpadded is a text whose columns need not stand below each other.
func unpadded(text string) string {
	return regexp.MustCompile(` +\|`).ReplaceAllString(regexp.MustCompile(` +`).ReplaceAllString(text, " "), " |")
}

func TestTableHasWhatThereIs(t *testing.T) {
	got := printed(t, testReport())
	for _, want := range []string{
		"2 cores, the proxy on one core", "relay / nginx", "225 [150 - 300]", "1.25 [1.00 - 1.50]", "frames lost", "12.3", "not measured", "aim met",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

func TestTablesAsMarkdown(t *testing.T) {
	got := printed(t, testReport())
	for _, want := range []string{
		"### 1000 generations at real time\n\n| figure | unit | direct | nginx | relay | relay / nginx |\n| --- | --- | --- | --- | --- | --- |\n",
		"| latency p50 | us | 15.0 [10.0 - 20.0] | 200 [100 - 300] | 225 [150 - 300] | 1.25 [1.00 - 1.50] |\n",
		"| cancel p50 | ms | 1.50 | 1.50 | 1.50 | |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

func TestTableSaysWhatElseLimited(t *testing.T) {
	tests := []struct {
		name   string
		change func(*round)
		want   string
	}{
		{"others", func(r *round) { r.ElsewhereBusy = 1.5 }, "1.50 cores busy"},
		{"the harness", func(r *round) { r.HarnessLate = true }, "nginx: in 1 of 2 rounds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := testReport()
			if got := printed(t, r); strings.Contains(got, test.want) {
				t.Errorf("says so of a good run:\n%s", got)
			}
			test.change(r.Levels[0].Rounds[nginxPath][1])
			if got := printed(t, r); !strings.Contains(got, test.want) {
				t.Errorf("does not say so:\n%s", got)
			}
		})
	}
}

func TestTableWithoutNginx(t *testing.T) {
	r := testReport()
	delete(r.Levels[0].Rounds, nginxPath)
	delete(r.Memory, relayPath)
	got := printed(t, r)
	got, _, _ = strings.Cut(got, "Numbers to reach")
	if strings.Contains(got, nginxPath) || !strings.Contains(got, relayPath) {
		t.Errorf("got:\n%s", got)
	}
}

func TestGrowthHasALineForEachLevel(t *testing.T) {
	r := testReport()
	more := *r.Levels[0]
	more.Generations, more.Idle = 10, 500
	r.Levels = append(r.Levels, &more)
	got := printed(t, r)
	for _, want := range []string{"1000: CPU a frame", "10, and 500 idle connections: latency p99"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1.234: "1.23", 12.34: "12.3", 1234.5: "1234", -0.5: "-0.50"} {
		if got := short(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}
