package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/config"
)

var exportedDay = time.Date(2026, 11, 5, 23, 0, 0, 0, time.UTC)

// exported is a configuration on a ledger with that many records, some of which failed.
func exported(t *testing.T, n int) (path string) {
	t.Helper()
	folder := t.TempDir()
	b, _ := openedBooks(t, folder, "")
	for i := range n {
		r := spent(fmt.Sprintf("rec-%04d", i), []string{"acme", "=beta"}[i%2], exportedDay.Add(time.Duration(i)*time.Second), billing.Money{Micros: int64(i + 1), Currency: "EUR"})
		r.Characters, r.Bytes, r.Spoken, r.PriceList = 10, 11, int64(i%10), "list"
		r.Metadata = map[string]string{"call": strconv.Itoa(i)}
		r.Attempts[0].Requests, r.Attempts[0].UpstreamID = 2, fmt.Sprint("req-", i)
		if i%3 == 0 {
			r.Outcome, r.Code = billing.Failed, "upstream_failed"
		}
		write(t, b, r)
	}
	path = filepath.Join(folder, "config.yaml")
	text := "ledger: {path: " + filepath.Join(folder, "ledger.db") + "}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sumsOf is the report of the same month.
func sumsOf(t *testing.T, path string) billing.Group {
	t.Helper()
	kept, err := config.LoadBooks(path, configEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	r, err := ledger.OpenReader(t.Context(), kept.Ledger.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }() // it was only read
	from, to, err := billing.ParsePeriod("2026-11")
	if err != nil {
		t.Fatal(err)
	}
	report, err := r.Sums(t.Context(), billing.SumsQuery{From: from, To: to})
	if err != nil || len(report.Groups) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	return report.Groups[0]
}

// An export has every record once, and its columns add up to the report's sums.
func TestExportsAddUpToTheReport(t *testing.T) {
	const n = 2*exportPage + 7
	path := exported(t, n)
	want := sumsOf(t, path)
	var out, errs bytes.Buffer
	if code := usageReport(t.Context(), []string{"export", "-config", path, "-period", "2026-11"}, stdio{out: &out, err: &errs}); code != exitOK {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != n+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var got billing.Group
	for _, row := range rows[1:] {
		cell := func(name string) string { return row[indexOf(t, rows[0], name)] }
		got.Generations++
		got.Attempts += number(t, cell("attempts"))
		got.Characters += number(t, cell("characters"))
		got.Spoken += number(t, cell("spoken_characters"))
		money, err := billing.Parse(cell("cost"), 0, cell("currency"))
		if err != nil {
			t.Fatal(err)
		}
		got.Cost = []billing.Money{{Micros: money.Micros + sum(got.Cost), Currency: "EUR"}}
		if cell("outcome") == "failed" {
			got.Refused += number(t, cell("characters")) - number(t, cell("spoken_characters"))
		}
		if tenant := cell("tenant"); tenant != "acme" && tenant != "'=beta" {
			t.Fatalf("a spreadsheet would read %q as a formula", tenant)
		}
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("the rows come to %+v, the report has %+v", got, want)
	}
	out.Reset()
	args := []string{"export", "-config", path, "-since", "2026-11-05", "-until", "2026-11-06", "-format", "jsonl", "-outcome", "failed", "-metadata", "call=3"}
	if code := usageReport(t.Context(), args, stdio{out: &out, err: &errs}); code != exitOK {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	lines := bufio.NewScanner(&out)
	if !lines.Scan() || lines.Scan() && lines.Text() != "" {
		t.Fatal("not one line")
	}
}

// Each line of JSON is a record as the endpoint has it.
func TestExportOfLines(t *testing.T) {
	path := exported(t, 3)
	var out, errs bytes.Buffer
	if code := usageReport(t.Context(), []string{"export", "-config", path, "-period", "2026", "-format", "jsonl"}, stdio{out: &out, err: &errs}); code != exitOK {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var r struct {
			RecordID  string `json:"record_id"`
			PriceList string `json:"price_list"`
			Attempts  []struct {
				UpstreamID string `json:"upstream_id"`
			}
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.RecordID != fmt.Sprintf("rec-%04d", i) || r.PriceList != "list" || r.Attempts[0].UpstreamID != fmt.Sprint("req-", i) {
			t.Errorf("line %d: %s, %v", i, line, err)
		}
	}
}

// An export that is broken off says so, by its exit status too.
func TestExportThatIsBrokenOff(t *testing.T) {
	path := exported(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, try := range map[string]struct {
		ctx context.Context
		std stdio
	}{
		"interrupted": {ctx, stdio{out: new(bytes.Buffer)}},
		"disk full":   {t.Context(), stdio{out: failingWriter{}}},
	} {
		var errs bytes.Buffer
		try.std.err = &errs
		if code := usageReport(try.ctx, []string{"export", "-config", path, "-period", "2026"}, try.std); code != exitFault || errs.Len() == 0 {
			t.Errorf("%s: exit status %d: %s", name, code, errs.String())
		}
	}
}

// What can't be answered names the flag.
func TestUsageNamesTheFlag(t *testing.T) {
	for flag, args := range map[string][]string{
		"-since":    {"export", "-since", "yesterday"},
		"-until":    {"export", "-until", "2026-13-01"},
		"-period":   {"export", "-period", "2026-11", "-since", "2026-11-01"},
		"-format":   {"export", "-format", "xlsx"},
		"-outcome":  {"-outcome", "odd"},
		"-metadata": {"-metadata", "call"},
		"-route":    {"-route", "r", "-provider", "p"},
		"-by":       {"-by", "hour,day"},
	} {
		var errs bytes.Buffer
		if code := usageReport(t.Context(), args, stdio{out: new(bytes.Buffer), err: &errs}); code != exitUsage || !strings.Contains(errs.String(), flag) {
			t.Errorf("%v: exit status %d: %s", args, code, errs.String())
		}
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func indexOf(t *testing.T, header []string, name string) int {
	t.Helper()
	for i, column := range header {
		if column == name {
			return i
		}
	}
	t.Fatalf("no column %s in %q", name, header)
	return 0
}

func number(t *testing.T, cell string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(cell, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func sum(costs []billing.Money) (micros int64) {
	for _, m := range costs {
		micros += m.Micros
	}
	return micros
}
