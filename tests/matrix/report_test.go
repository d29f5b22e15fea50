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
	want := len(vendors()) * len(faults()) * len(places())
	if *whole {
		want *= len(vendors()) - 1
	}
	if raceEnabled {
		want = (want + sampled - 1) / sampled
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

// tables are what the document shows: how each vendor's faults went, and how each pair did.
func (r report) tables() [][][]string { return [][][]string{r.byFault(), r.byPair()} }

// byFault has a line for each vendor that failed and each place, and a column for each fault.
func (r report) byFault() [][]string {
	head := []string{"from", "when"}
	for _, f := range faults() {
		head = append(head, f.name)
	}
	rows := [][]string{head}
	for _, v := range vendors() {
		for _, p := range places() {
			row := []string{v.name, p.String()}
			for _, f := range faults() {
				row = append(row, r.cell(func(s scenario) bool { return s.first.name == v.name && s.place == p && s.fault.name == f.name }))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// byPair has a line for each vendor that failed, and a column for each that took over.
func (r report) byPair() [][]string {
	head := []string{"from, to"}
	for _, v := range vendors() {
		head = append(head, v.name)
	}
	rows := [][]string{head}
	for _, first := range vendors() {
		row := []string{first.name}
		for _, second := range vendors() {
			row = append(row, r.cell(func(s scenario) bool { return s.first.name == first.name && s.second.name == second.name }))
		}
		rows = append(rows, row)
	}
	return rows
}

// cell is how the cases went of which some is true: how many are right, how many words one repeated at most, and whether one
// cut a word off.
func (r report) cell(some func(scenario) bool) string {
	ok, all, doubled, cut := 0, 0, 0, 0
	for _, one := range r.results {
		if !some(one.scenario) {
			continue
		}
		all++
		doubled, cut = max(doubled, one.doubled), max(cut, one.cut)
		if !one.fails() {
			ok++
		}
	}
	if all == 0 {
		return ""
	}
	cell := fmt.Sprint(ok)
	if ok < all {
		cell += fmt.Sprintf(" of %d", all)
	}
	if doubled > 0 {
		cell += fmt.Sprintf(", +%d", doubled)
	}
	if cut > 0 {
		cell += ", cut"
	}
	return cell
}

func (r report) text(w io.Writer) {
	for _, table := range r.tables() {
		for _, row := range table {
			for i, cell := range row {
				width := 12
				if i < 2 {
					width = 14
				}
				fmt.Fprintf(w, "%-*s", width, cell)
			}
			fmt.Fprintln(w)
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
	if !*whole {
		fmt.Fprintf(w, "These are of a sample, by `-seed %d`.\n\n", *seed)
	}
	for _, table := range r.tables() {
		fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(table[0], " | "), strings.Repeat(" --- |", len(table[0])))
		for _, row := range table[1:] {
			fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		}
		fmt.Fprintln(w)
	}
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
