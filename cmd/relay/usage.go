package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/billing/ship"
	"voicerelay/config"
	"voicerelay/logging"
)

// usageReport prints what was used: `relay usage [-by provider,day] [-period 2026-11] [-provider …] [-csv]`, from the ledger, or for
// all relays where they share a Redis. A relay may be running. `relay usage export` prints the records themselves.
func usageReport(ctx context.Context, args []string, std stdio) int {
	if len(args) > 0 && args[0] == "export" {
		return usageExport(ctx, args[1:], std)
	}
	flags := flag.NewFlagSet("relay usage", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	by := flags.String("by", "", "`what` to sum up by: any of tenant, key, one of hour, day, month, with either route, outcome or provider, model, voice, outcome")
	asked := askedUsage{from: "from", to: "to"}
	asked.flags(flags)
	asCSV := flags.Bool("csv", false, "print comma-separated values")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	q, err := asked.sums(*by, time.Now())
	if err != nil {
		fmt.Fprintln(std.err, "relay usage:", err)
		return exitUsage
	}
	return onBooks(*path, flags.Name(), std, func(kept config.BookSettings) error { return printReport(ctx, kept, q, *asCSV, std) })
}

func printReport(ctx context.Context, kept config.BookSettings, q billing.SumsQuery, asCSV bool, std stdio) error {
	report, err := readReport(ctx, kept, q, std.err)
	if err != nil {
		return err
	}
	if !report.MissingSince.IsZero() {
		fmt.Fprintf(std.err, "relay usage: records may be missing since %s\n", report.MissingSince.UTC().Format(time.RFC3339))
	}
	rows := q.Table(report.Groups)
	if asCSV {
		if isTerminal(std.out) { // who reads it by a program gets the names as they are
			rows = printableRows(rows)
		}
		return billing.WriteCSV(std.out, rows)
	}
	fmt.Fprintf(std.out, "%s to %s\n\n", report.From.UTC().Format(time.RFC3339), report.To.UTC().Format(time.RFC3339))
	return printTable(std.out, rows)
}

// readReport asks Redis where relays share one. While that is away this relay's own ledger has to do.
func readReport(ctx context.Context, kept config.BookSettings, q billing.SumsQuery, stderr io.Writer) (billing.Report, error) {
	if kept.Redis.URL != "" {
		report, err := readShared(ctx, kept.Redis, q)
		if err == nil {
			return report, nil
		}
		fmt.Fprintln(stderr, "relay usage: this relay's own ledger only:", logging.PrintableLines(err.Error()))
	}
	r, err := ledger.OpenReader(ctx, kept.Ledger.Path)
	if err != nil {
		return billing.Report{}, err
	}
	report, err := r.Sums(ctx, q)
	return report, errors.Join(err, r.Close())
}

func readShared(ctx context.Context, cfg config.RedisConfig, q billing.SumsQuery) (billing.Report, error) {
	client, err := dialRedis(cfg)
	if err != nil {
		return billing.Report{}, err
	}
	report, err := ship.NewReports(client, 0).Sums(ctx, q)
	return report, errors.Join(err, client.Close())
}

// printTable aligns columns. A terminal gets no control characters: names of models and voices may be a client's.
func printTable(w io.Writer, rows [][]string) error {
	const gap = 2
	table := tabwriter.NewWriter(w, 0, 0, gap, ' ', 0)
	for _, row := range printableRows(rows) {
		if _, err := fmt.Fprintln(table, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}

func printableRows(rows [][]string) [][]string {
	shown := make([][]string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			shown[i] = append(shown[i], logging.Printable(cell))
		}
	}
	return shown
}
