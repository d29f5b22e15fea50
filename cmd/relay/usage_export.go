package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/billing/ship"
	"voicerelay/config"
	"voicerelay/server/usage"
)

// exportPage is how many records are held at a time: with 4 KiB of metadata each, some megabytes.
const exportPage = 500

// usageExport prints records: `relay usage export -since … -until … -format csv|jsonl`, from the ledger, or of all relays where
// they share a Redis. Its exit status is 0 only if all of them are there.
func usageExport(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay usage export", flag.ContinueOnError)
	path := flags.String("config", "config.yaml", "the configuration `file`")
	format := flags.String("format", "csv", "csv or jsonl: a `format`")
	asked := askedUsage{from: "since", to: "until"}
	asked.flags(flags)
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	q, err := asked.records(time.Now())
	write := exportFormats()[*format]
	if err == nil && write == nil {
		err = errors.New("-format: must be csv or jsonl")
	}
	if err != nil {
		fmt.Fprintln(std.err, "relay usage export:", err)
		return exitUsage
	}
	return onBooks(*path, flags.Name(), std, func(kept config.BookSettings) error {
		return withRecords(ctx, kept, func(records recordPages) error { return export(ctx, records, q, write, std) })
	})
}

// records is the question for records, of a time in any case.
func (a *askedUsage) records(now time.Time) (q billing.RecordsQuery, err error) {
	q.Tenant, q.Limit = a.tenant, exportPage
	if q.From, q.To, err = a.span(now); err != nil {
		return q, err
	}
	q.Filter, err = a.narrowed()
	return q, err
}

// recordPages has records a page at a time.
type recordPages interface {
	Records(ctx context.Context, q billing.RecordsQuery) (billing.RecordPage, error)
}

// withRecords opens what has the records: Redis where relays share one, which must answer, else the ledger.
func withRecords(ctx context.Context, kept config.BookSettings, work func(recordPages) error) error {
	if kept.Redis.URL == "" {
		r, err := ledger.OpenReader(ctx, kept.Ledger.Path)
		if err != nil {
			return err
		}
		return errors.Join(work(r), r.Close())
	}
	client, err := reachRedis(ctx, kept.Redis)
	if err != nil {
		return err
	}
	return errors.Join(work(ship.NewReports(client, 0)), client.Close())
}

// recordWriter writes records, of which the first call has none: what stands before them.
type recordWriter func(w io.Writer, records []billing.Record) error

// exportFormats are the formats by their names.
func exportFormats() map[string]recordWriter {
	return map[string]recordWriter{"csv": exportCSV, "jsonl": exportLines}
}

// export writes all records of a question, as they are read.
func export(ctx context.Context, records recordPages, q billing.RecordsQuery, write recordWriter, std stdio) error {
	out := bufio.NewWriter(std.out)
	count := 0
	brokenOff := func(err error) error {
		return fmt.Errorf("broken off after %d records: %w", count, errors.Join(err, out.Flush()))
	}
	if err := write(out, nil); err != nil {
		return brokenOff(err)
	}
	for {
		page, err := records.Records(ctx, q)
		if err == nil {
			err = ctx.Err() // a signal may come between two pages
		}
		if err != nil {
			return brokenOff(err)
		}
		if len(page.Records) > 0 {
			if err := write(out, page.Records); err != nil {
				return brokenOff(err)
			}
		}
		count += len(page.Records)
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return brokenOff(err)
	}
	fmt.Fprintf(std.err, "%d records\n", count)
	return nil
}

// exportCSV writes rows, after a line of names.
func exportCSV(w io.Writer, records []billing.Record) error {
	if records == nil {
		return billing.WriteCSV(w, [][]string{usage.RecordsHeader()})
	}
	for i := range records {
		if err := billing.WriteCSV(w, usage.RecordRows(&records[i])); err != nil {
			return err
		}
	}
	return nil
}

// exportLines writes a line of JSON for each record.
func exportLines(w io.Writer, records []billing.Record) error {
	for i := range records {
		line, err := usage.RecordJSON(&records[i])
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}
