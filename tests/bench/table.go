package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// write prints the table and what is to be said of it.
func (s section) write(out io.Writer) error {
	t := &table{title: s.Title, head: append([]string{"figure", "unit"}, s.Columns...)}
	ratio := slices.ContainsFunc(s.Figures, func(f figure) bool { return f.Ratio != nil })
	if ratio {
		t.head = append(t.head, "relay / nginx")
	}
	for _, f := range s.Figures {
		cells := []string{f.Name, f.Unit}
		for _, column := range s.Columns {
			cells = append(cells, cell(f.Columns, column))
		}
		if ratio && f.Ratio != nil {
			cells = append(cells, f.Ratio.String())
		}
		t.rows = append(t.rows, cells)
	}
	if err := t.write(out); err != nil {
		return err
	}
	for _, note := range s.Notes {
		fmt.Fprintf(out, "\n%s.\n", note)
	}
	return nil
}

// table is text in rows and columns.
type table struct {
	title string
	head  []string
	rows  [][]string // each as long as the head, or shorter
}

// write prints the table with its columns below each other.
func (t *table) write(out io.Writer) error {
	rule := slices.Repeat([]string{"---"}, len(t.head))
	fmt.Fprintf(out, "\n### %s\n\n", t.title)
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	for _, cells := range append([][]string{t.head, rule}, t.rows...) {
		cells = append(slices.Clone(cells), make([]string, len(t.head)-len(cells))...)
		fmt.Fprintf(w, "| %s\t|\n", strings.Join(cells, "\t| "))
	}
	return w.Flush()
}

func cell(columns map[string]spread, column string) string {
	if s, ok := columns[column]; ok {
		return s.String()
	}
	return "-"
}

// String is the median with what it was taken from.
func (s spread) String() string {
	if s.Min == s.Max {
		return short(s.Median)
	}
	return fmt.Sprintf("%s [%s - %s]", short(s.Median), short(s.Min), short(s.Max))
}

// short is a number with about three digits.
func short(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
