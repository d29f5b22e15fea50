// Package ship keeps Redis in step with the ledgers of any number of relays, and answers reports from it.
//
// Each ledger numbers its records for each epoch (one start of one relay) and tenant. Redis keeps the number of the last
// record that it has, the mark, with the records themselves and their hourly sums, in keys that share a slot:
//
//	usage:{TENANT}:mark:EPOCH     string   number of the last record that was applied
//	usage:{TENANT}:hours          zset     hours (counted from 1970) that have records
//	usage:{TENANT}:sums:HOUR      hash     hourly sums; fields are JSON lists (see sums.go)
//	usage:{TENANT}:records:HOUR   stream   epoch, seq, record (JSON, see record.go)
//	usage:{TENANT}:ids:HOUR       zset     record and generation ids, in order, with their places in the stream
//	usage:tenants                 set      tenants that have had records
//	usage:epochs:RELAY            zset     epochs of a ledger that have had records, by when they were first named
//	usage:prices                  hash     price lists (JSON, see prices.go) by the hashes that records have; they stay
//	usage:relays                  hash     heartbeats: how far Redis is behind each ledger
//
// HOUR is that of admission, such as 2026-03-01T12. A stream an hour, rather than one for all, so that records go with the
// sums that they belong to when their time is over, also those that were shipped late.
//
// Invariants:
//
//  1. One script applies a run of records, and only where the mark is the number that the run follows. Sent twice, late,
//     or by two relays at once, a run counts once.
//  2. Mark, records and sums of a tenant lie in one slot, hence on one server, hence in one snapshot: whatever moment a
//     Redis falls back to, they agree, and what it lacks is what the ledgers have above the marks.
//  3. Marks are read on each connect, and every minute. A Redis that lost its last second, or everything, is made whole
//     from the ledgers without anyone's doing.
//  4. A heartbeat never claims more than was true when it was written: where Redis lost the one before, the new one says
//     that any record may be missing until the marks have been read.
//  5. Nothing waits for Redis here but the one goroutine that ships; each call has a deadline, each run a bound.
//  6. A record is there once, by its id, whatever numbers ledgers gave it: the script refuses it under a second one. A ledger
//     closes nothing that an earlier start left open before it has asked what is there.
//  7. A mark outlives the records that it stands for by 30 days, so that none is counted again.
//
// Redis must not evict (maxmemory-policy noeviction): sums that it throws away while it keeps the mark are not missed.
package ship
