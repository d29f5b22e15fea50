package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// readFormer reads the result of another run; nil: none is asked for.
func readFormer(path string) (*report, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the former result: %w", err)
	}
	var former report
	if err := json.Unmarshal(data, &former); err != nil {
		return nil, fmt.Errorf("read the former result %s: %w", path, err)
	}
	return &former, nil
}

// compare says what has changed of the figures that both runs have.
func (r *report) compare(former *report) *table {
	t := &table{
		title: "Since " + former.Conditions.When,
		head:  []string{"figure", "unit", "of", "former", "now", "change", ""},
	}
	for _, s := range r.Sections {
		for _, f := range s.Figures {
			was, ok := former.figure(s.Title, f.Name)
			if !ok {
				continue
			}
			for _, column := range s.Columns {
				t.change(s, f, column, was.Columns[column])
			}
			if f.Ratio != nil && was.Ratio != nil {
				t.add([]string{s.Title + ": " + f.Name, "", "relay / nginx"}, *was.Ratio, *f.Ratio)
			}
		}
	}
	return t
}

func (r *report) figure(section, name string) (figure, bool) {
	for _, s := range r.Sections {
		for _, f := range s.Figures {
			if s.Title == section && f.Name == name {
				return f, true
			}
		}
	}
	return figure{}, false
}

func (t *table) change(s section, f figure, column string, was spread) {
	if now, ok := f.Columns[column]; ok && was != (spread{}) {
		t.add([]string{s.Title + ": " + f.Name, f.Unit, column}, was, now)
	}
}

// add is a row. Where the two spreads overlap, or there is none, the change may be chance.
func (t *table) add(head []string, was, now spread) {
	change, remark := "", ""
	if was.Median != 0 {
		change = fmt.Sprintf("%+.0f %%", 100*(now.Median/was.Median-1))
	}
	switch {
	case now.Min <= was.Max && was.Min <= now.Max:
		remark = "within the spread"
	case now.Min == now.Max && was.Min == was.Max:
		remark = "of one round each"
	}
	t.rows = append(t.rows, append(head, was.String(), now.String(), change, remark))
}
