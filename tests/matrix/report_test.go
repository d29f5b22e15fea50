package matrix

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// report is all results.
type report struct {
	results []result
	failed  []result
	doubled []int           // words, of the cases that went on by an estimate, ascending
	gaps    []time.Duration // by which playback ran dry, but for slow vendors, ascending
}

func newReport(results []result) report {
	r := report{results: results}
	for _, one := range results {
		if one.fails() {
			r.failed = append(r.failed, one)
		}
		if one.source != "" && one.source != "word_times" {
			r.doubled = append(r.doubled, one.doubled)
		}
		if one.fault.name != slow {
			r.gaps = append(r.gaps, one.gap)
		}
	}
	slices.Sort(r.doubled)
	slices.Sort(r.gaps)
	return r
}

// mostDoubled is how many words an estimate may repeat in 95 of 100 cases.
const mostDoubled = 2

// verdict is nil where every promise was kept, in every case that there is.
func (r report) verdict() error {
	var errs []error
	want := cases
	if raceEnabled {
		want = (cases + sampled - 1) / sampled
	}
	if len(r.results) != want {
		errs = append(errs, fmt.Errorf("%d cases ran, want %d", len(r.results), want))
	}
	if len(r.failed) > 0 {
		errs = append(errs, fmt.Errorf("%d cases failed", len(r.failed)))
	}
	if p95 := quantile(r.doubled, 0.95); p95 > mostDoubled {
		errs = append(errs, fmt.Errorf("estimates repeat %d words in 95 of 100 cases, more than %d", p95, mostDoubled))
	}
	return errors.Join(errs...)
}

// quantile of ascending values; zero where there are none.
func quantile[T any](values []T, q float64) (v T) {
	if len(values) == 0 {
		return v
	}
	return values[int(q*float64(len(values)-1))]
}

// rows are the cells of the table: a line for each fault and place, with the marks of its pairs.
func (r report) rows() [][]string {
	var rows [][]string
	for _, f := range faults() {
		for _, p := range places() {
			row := []string{f.name, p.String()}
			for _, v := range vendors() {
				row = append(row, r.cell(f, p, v))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// cell is how the four targets took over from one vendor.
func (r report) cell(f fault, p place, first vendor) string {
	ok, all, doubled, cut := 0, 0, 0, 0
	for _, one := range r.results {
		if one.fault.name != f.name || one.place != p || one.first.name != first.name {
			continue
		}
		all++
		doubled, cut = max(doubled, one.doubled), max(cut, one.cut)
		if !one.fails() {
			ok++
		}
	}
	cell := fmt.Sprintf("%d of %d", ok, all)
	if doubled > 0 {
		cell += fmt.Sprintf(", +%d", doubled)
	}
	if cut > 0 {
		cell += ", cut"
	}
	return cell
}

func header() []string {
	head := []string{"fault", "when"}
	for _, v := range vendors() {
		head = append(head, "from "+v.name)
	}
	return head
}

func (r report) text(w io.Writer) {
	for _, row := range append([][]string{header()}, r.rows()...) {
		for i, cell := range row {
			width := 16
			if i < 2 {
				width = 14
			}
			fmt.Fprintf(w, "%-*s", width, cell)
		}
		fmt.Fprintln(w)
	}
	r.summary(w)
	for _, one := range r.results {
		if one.fault.name != slow && one.gap > 200*time.Millisecond {
			fmt.Fprintf(w, "DRY  %s: %v\n", one.scenario, one.gap.Round(time.Millisecond))
		}
	}
	for _, one := range r.failed {
		fmt.Fprintf(w, "FAIL %s: missing %d, doubled %d, cut %d, by %s after %q: %v\n", one.scenario, one.missing, one.doubled, one.cut, one.source, one.reason, one.err)
	}
}

func (r report) markdown(w io.Writer) {
	head := header()
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat(" --- |", len(head)))
	for _, row := range r.rows() {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintln(w)
	r.summary(w)
}

func (r report) summary(w io.Writer) {
	bySource := map[string]int{}
	for _, one := range r.results {
		bySource[one.source]++
	}
	fmt.Fprintf(w, "%d cases, %d failed. Resumed by word times: %d, by a piece's end: %d, by an estimate: %d; before any audio, or after all of it: %d.\n",
		len(r.results), len(r.failed), bySource["word_times"], bySource["segment"], bySource["estimate"], bySource[""])
	fmt.Fprintf(w, "Words doubled where not by word times: p50 %d, p95 %d, most %d.\n", quantile(r.doubled, 0.5), quantile(r.doubled, 0.95), quantile(r.doubled, 1))
	fmt.Fprintf(w, "Playback ran dry (vendors slower than real time left out) for: p50 %v, p95 %v, most %v.\n",
		quantile(r.gaps, 0.5).Round(time.Millisecond), quantile(r.gaps, 0.95).Round(time.Millisecond), quantile(r.gaps, 1).Round(time.Millisecond))
}
