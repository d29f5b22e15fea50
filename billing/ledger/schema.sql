-- The ledger's file. Times are milliseconds since 1970, UTC; money is millionths of the currency's unit.
-- What is not known is empty, never 0: '' for names, NULL for times, outcomes and costs.

-- The file itself, in one row.
CREATE TABLE file (
  relay  TEXT NOT NULL,                -- names it; unique over all relays
  secret BLOB NOT NULL,                -- keys the hashes of claims
  place  TEXT NOT NULL DEFAULT ''      -- device and inode of the file; a copy has others
) STRICT;

-- Each start of a relay.
CREATE TABLE epochs (
  n          INTEGER PRIMARY KEY,
  epoch      TEXT    NOT NULL UNIQUE,  -- unique over all relays
  started_at INTEGER NOT NULL
) STRICT;

-- Each generation, from its admission on. While it is open it has no outcome, no end, no epoch and no number.
CREATE TABLE records (
  id            INTEGER PRIMARY KEY,
  record_id     TEXT    NOT NULL UNIQUE,
  generation_id TEXT    NOT NULL,      -- the client's name for it
  tenant        TEXT    NOT NULL,
  key           TEXT    NOT NULL,      -- the name of the API key
  session_id    TEXT    NOT NULL,
  context_id    TEXT    NOT NULL,
  route         TEXT    NOT NULL,
  admitted_at   INTEGER NOT NULL,
  ended_at      INTEGER,
  characters    INTEGER NOT NULL,      -- of the client's text: what it asked for
  bytes         INTEGER NOT NULL,
  audio_ms      INTEGER NOT NULL,      -- sent to the client
  outcome       TEXT,                  -- completed, cancelled, failed, interrupted
  code          TEXT    NOT NULL,      -- of a failed one
  price_list    TEXT    NOT NULL,      -- hash of the list that was in force
  metadata      TEXT,                  -- the client's, as JSON
  epoch         INTEGER REFERENCES epochs (n),
  seq           INTEGER,               -- 1, 2, 3 for each epoch and tenant, in the order of closing
  spoken        INTEGER NOT NULL DEFAULT 0, -- of the characters, those that the audio reached; 0 where interrupted
  CHECK ((outcome IS NULL) = (ended_at IS NULL)),
  CHECK ((outcome IS NULL) = (epoch IS NULL)),
  CHECK ((outcome IS NULL) = (seq IS NULL))
) STRICT;
CREATE INDEX records_open ON records (record_id) WHERE outcome IS NULL;
CREATE UNIQUE INDEX records_number ON records (epoch, tenant, seq) WHERE seq IS NOT NULL;
CREATE INDEX records_admitted ON records (admitted_at, record_id, tenant);
CREATE INDEX records_generation ON records (generation_id);

-- Each try at a provider, from 0. One without outcome was running when the relay was last heard of.
CREATE TABLE attempts (
  record      INTEGER NOT NULL REFERENCES records (id),
  number      INTEGER NOT NULL,
  provider    TEXT    NOT NULL,
  model       TEXT    NOT NULL,
  voice       TEXT    NOT NULL,
  started_at  INTEGER,
  ended_at    INTEGER,
  outcome     TEXT,                    -- as of records, or hedged, superseded
  code        TEXT    NOT NULL,
  message     TEXT    NOT NULL,
  characters  INTEGER NOT NULL,        -- sent to the provider
  bytes       INTEGER NOT NULL,
  requests    INTEGER NOT NULL,
  audio_ms    INTEGER NOT NULL,        -- received from it
  cost_micros INTEGER,
  currency    TEXT,                    -- NULL where the cost is not known, or 0 and no currency is
  cost_source TEXT    NOT NULL,        -- provider, price_list, unavailable
  estimated   INTEGER NOT NULL,        -- 1: more may have been charged
  upstream_id TEXT    NOT NULL DEFAULT '', -- by what the vendor's support finds it
  utf16_units INTEGER NOT NULL DEFAULT 0,  -- of the text sent to the provider
  chinese     INTEGER NOT NULL DEFAULT 0,  -- of its characters, those of the Chinese script
  metered_characters INTEGER NOT NULL DEFAULT 0, -- what the provider says it charges for; 0: it doesn't say
  input_tokens  INTEGER NOT NULL DEFAULT 0,      -- the same, of text
  output_tokens INTEGER NOT NULL DEFAULT 0,      -- the same, of audio
  PRIMARY KEY (record, number)
) STRICT, WITHOUT ROWID;

-- Idempotency keys in use where no Redis has them, as keyed hashes. One of a generation that was not heard is free
-- once that has ended.
CREATE TABLE claims (
  record_id  TEXT    PRIMARY KEY,
  tenant     TEXT    NOT NULL,
  hash       BLOB    NOT NULL,         -- 16 bytes of an HMAC-SHA-256
  expires_at INTEGER NOT NULL,
  heard      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_expiry ON claims (expires_at);

-- The last number of each epoch and tenant, and the last one that has gone with the retention.
CREATE TABLE tails (
  epoch  INTEGER NOT NULL REFERENCES epochs (n),
  tenant TEXT    NOT NULL,
  last   INTEGER NOT NULL,
  pruned INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (epoch, tenant)
) STRICT, WITHOUT ROWID;

-- Numbers that were given out and that this file has no records of: it was restored from a copy that is older than they are.
CREATE TABLE gaps (
  epoch  INTEGER NOT NULL REFERENCES epochs (n),
  tenant TEXT    NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  sought INTEGER NOT NULL,             -- 1: Redis has no records of them either
  PRIMARY KEY (epoch, tenant, first)
) STRICT, WITHOUT ROWID;

-- Sums of closed records by the hour of their admission: of generations where provider is '', else of attempts.
-- A generation that cost something in two currencies counts in the row of the first.
CREATE TABLE sums (
  hour        INTEGER NOT NULL,        -- hours since 1970, UTC
  tenant      TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  route       TEXT    NOT NULL,
  provider    TEXT    NOT NULL,
  model       TEXT    NOT NULL,
  voice       TEXT    NOT NULL,
  outcome     TEXT    NOT NULL,
  currency    TEXT    NOT NULL,
  generations INTEGER NOT NULL,
  attempts    INTEGER NOT NULL,
  characters  INTEGER NOT NULL,        -- asked for by clients; of attempts: sent to the provider
  audio_ms    INTEGER NOT NULL,
  cost_micros INTEGER NOT NULL,
  unpriced    INTEGER NOT NULL,        -- attempts whose cost is not known
  estimated   INTEGER NOT NULL,        -- attempts whose cost is an estimate
  spoken      INTEGER NOT NULL DEFAULT 0, -- of the characters of generations, those that were spoken; 0 for attempts
  PRIMARY KEY (hour, tenant, key, route, provider, model, voice, outcome, currency)
) STRICT, WITHOUT ROWID;

-- Price lists by their hash, so that what a crash cut short is priced by the list that it began with.
CREATE TABLE price_lists (
  hash TEXT PRIMARY KEY,
  list TEXT NOT NULL                   -- a JSON array of prices, as they were configured
) STRICT, WITHOUT ROWID;

-- What has happened and not every sink of events has been sent, in the order of n. What ended is told by its record.
CREATE TABLE events (
  n           INTEGER PRIMARY KEY AUTOINCREMENT, -- never given out twice
  id          TEXT    NOT NULL UNIQUE, -- the same whenever it is sent; of generation.ended the record_id
  type        TEXT    NOT NULL,
  subject     TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  admitted_at INTEGER,                 -- of the record, which stays as long as this row; else NULL
  data        TEXT                     -- JSON; NULL where the record has it
) STRICT;
CREATE INDEX events_admitted ON events (admitted_at) WHERE admitted_at IS NOT NULL;

-- Each sink of events that is configured.
CREATE TABLE sinks (
  name    TEXT    PRIMARY KEY,
  types   TEXT    NOT NULL,            -- what it wants, a JSON array
  sent    INTEGER NOT NULL,            -- the n of the last event that it has, or does not want
  dropped INTEGER NOT NULL DEFAULT 0   -- events that it was never sent, since they were kept for too long
) STRICT, WITHOUT ROWID;

-- What is told once, such as that a budget is spent.
CREATE TABLE told (
  id         TEXT    PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Single values. pruned_before: the hour before which sums have gone with the retention. probed_at: when writing was
-- last tried anew after a failure.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
