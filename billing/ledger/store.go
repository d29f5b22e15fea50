package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"voicerelay/billing"
)

// store is a connection to the file with what the writer does through it. It is thrown away after any failure, so
// that nothing of a transaction that broke lives on.
//
// Its statements run without a deadline: what they wait for is the disk, whose calls can't be interrupted, and locks
// of others, for busyPatience.
type store struct {
	db         *sql.DB
	conn       *sql.Conn
	statements [statementCount]*sql.Stmt
	epoch      int64                         // the row of this start; 0: not made yet
	tails      map[string]int64              // by tenant, the last number of the epoch
	committed  map[string]int64              // the same as far as it is in the file; it outlives the connection
	lists      map[string]*billing.PriceList // by hash, those that the file is known to have
	relaxed    bool                          // commits are not synced
	events     *Events                       // what sinks want; it outlives the connection
}

// The statements.
const (
	insertRecord = iota
	closeRecord
	isClosed
	deleteRecord
	insertAttempt
	trimAttempts
	noteProgress
	deleteAttempts
	upsertTail
	upsertSum
	upsertMeta
	insertClaim
	hearClaim
	insertEvent
	insertTold
	statementCount
)

const attemptColumns = `number, provider, model, voice, started_at, ended_at, outcome, code, message, characters, bytes,
  requests, audio_ms, upstream_id, utf16_units, chinese, metered_characters, input_tokens, output_tokens, cost_micros, currency, cost_source, estimated`

var statementTexts = [statementCount]string{
	insertRecord: `INSERT INTO records (record_id, generation_id, tenant, key, session_id, context_id, route, admitted_at,
  characters, bytes, audio_ms, code, price_list, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?, ?)
  ON CONFLICT (record_id) DO NOTHING`,
	closeRecord: `UPDATE records SET ended_at = ?, characters = ?, bytes = ?, audio_ms = ?, outcome = ?, code = ?,
  price_list = ?, spoken = ?, epoch = ?, seq = ? WHERE record_id = ? AND tenant = ? AND outcome IS NULL
  RETURNING id, key, route, admitted_at`,
	isClosed:     `SELECT outcome IS NOT NULL FROM records WHERE record_id = ?`,
	deleteRecord: `DELETE FROM records WHERE record_id = ? AND outcome IS NULL`,
	insertAttempt: `INSERT OR REPLACE INTO attempts (record, ` + attemptColumns + `)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	trimAttempts: `DELETE FROM attempts WHERE record = ? AND number >= ?`,
	noteProgress: `INSERT OR REPLACE INTO attempts (record, ` + attemptColumns + `)
  SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM records WHERE record_id = ? AND outcome IS NULL`,
	deleteAttempts: `DELETE FROM attempts WHERE record = (SELECT id FROM records WHERE record_id = ? AND outcome IS NULL)`,
	upsertTail: `INSERT INTO tails (epoch, tenant, last) VALUES (?, ?, ?)
  ON CONFLICT (epoch, tenant) DO UPDATE SET last = excluded.last`,
	// Money stops at the largest number, as billing.SumValue does: a sum beyond would become a float.
	upsertSum: `INSERT INTO sums (hour, tenant, key, route, provider, model, voice, outcome, currency,
  generations, attempts, characters, audio_ms, cost_micros, unpriced, estimated, spoken)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (hour, tenant, key, route, provider, model, voice, outcome, currency) DO UPDATE SET
  generations = generations + excluded.generations, attempts = attempts + excluded.attempts,
  characters = characters + excluded.characters, audio_ms = audio_ms + excluded.audio_ms,
  cost_micros = MIN(cost_micros, 9223372036854775807 - excluded.cost_micros) + excluded.cost_micros,
  unpriced = unpriced + excluded.unpriced, estimated = estimated + excluded.estimated, spoken = spoken + excluded.spoken`,
	upsertMeta: `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name)
  DO UPDATE SET value = MAX(value, excluded.value)`,
	insertClaim: `INSERT INTO claims (record_id, tenant, hash, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
	hearClaim:   `UPDATE claims SET heard = 1 WHERE record_id = ?`,
	insertEvent: `INSERT INTO events (id, type, subject, at, admitted_at, data) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
	insertTold:  `INSERT INTO told (id, expires_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`,
}

// connect opens a file that is a ledger, for writing.
func connect(ctx context.Context, path string) (*store, error) {
	db, err := openWriting(path)
	if err != nil {
		return nil, err
	}
	s := &store{db: db, tails: make(map[string]int64), lists: make(map[string]*billing.PriceList)}
	if s.conn, err = db.Conn(ctx); err != nil {
		return nil, errors.Join(asDamage(err), s.close())
	}
	return s, nil
}

// ready prepares for an epoch, whose row is made where there is none.
func (s *store) ready(ctx context.Context, epoch string, startedAt any) error {
	const row = `INSERT INTO epochs (epoch, started_at) VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET epoch = excluded.epoch
  RETURNING n`
	if err := s.conn.QueryRowContext(ctx, row, epoch, startedAt).Scan(&s.epoch); err != nil {
		return asDamage(err)
	}
	for i, text := range statementTexts {
		statement, err := s.conn.PrepareContext(ctx, text)
		if err != nil {
			return asDamage(err)
		}
		s.statements[i] = statement
	}
	if err := s.readTails(ctx); err != nil {
		return err
	}
	for tenant, last := range s.committed {
		if s.tails[tenant] < last {
			return errReplaced // numbers would be given out twice
		}
	}
	return nil
}

func (s *store) readTails(ctx context.Context) (err error) {
	rows, err := s.conn.QueryContext(ctx, `SELECT tenant, last FROM tails WHERE epoch = ?`, s.epoch)
	if err != nil {
		return asDamage(err)
	}
	defer func() { err = errorsFirst(err, rows.Close()) }()
	for rows.Next() {
		var tenant string
		var last int64
		if err := rows.Scan(&tenant, &last); err != nil {
			return err
		}
		s.tails[tenant] = last
	}
	return rows.Err()
}

// close ends the connection, and rolls back what was under way.
func (s *store) close() error {
	var errs []error
	for _, statement := range s.statements {
		if statement != nil {
			errs = append(errs, statement.Close())
		}
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	return errors.Join(append(errs, s.db.Close())...)
}

// do runs a statement and says how many rows it touched.
func (s *store) do(statement int, args ...any) (int64, error) {
	result, err := s.statements[statement].ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query runs a statement that gives one row at most.
func (s *store) query(statement int, args ...any) *sql.Row {
	return s.statements[statement].QueryRowContext(context.Background(), args...)
}

// exec runs a text.
func (s *store) exec(text string, args ...any) error {
	_, err := s.conn.ExecContext(context.Background(), text, args...)
	return err
}

// transact runs body in a transaction. After an error the store is of no use any more.
func (s *store) transact(body func() error) error {
	if err := s.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := body(); err != nil {
		return err
	}
	if err := s.exec("COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// relax lets commits go without a sync, or no longer. They outlive the process even so, and the next one that is
// synced takes them along.
func (s *store) relax(relaxed bool) error {
	if relaxed == s.relaxed {
		return nil
	}
	mode := "full"
	if relaxed {
		mode = "normal"
	}
	s.relaxed = relaxed
	return s.exec("PRAGMA synchronous = " + mode)
}

// attemptArguments are the values of attemptColumns.
func attemptArguments(number int, a *billing.Attempt) []any {
	args := []any{
		number, a.Provider, a.Model, a.Voice, millis(a.StartedAt), millis(a.EndedAt), optional(a.Outcome), a.Code,
		a.Message, a.Characters, a.Bytes, a.Requests, a.Audio.Milliseconds(), a.UpstreamID, a.UTF16Units, a.Chinese,
		a.Metered.Characters, a.Metered.InputTokens, a.Metered.OutputTokens,
	}
	return append(args, costColumns(a.Cost)...)
}

// row asks for one row.
func (s *store) row(query string, args ...any) *sql.Row {
	return s.conn.QueryRowContext(context.Background(), query, args...)
}
