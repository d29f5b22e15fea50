// Package events sends what has happened to whom the operator names: CloudEvents 1.0 in batches over HTTP, signed by Standard
// Webhooks.
//
//  1. Each event is sent at least once. A sink's place moves on in the ledger after the sink has accepted a batch, so that a crash in
//     between, or an answer that is lost, has it sent again, with the same id.
//  2. Events are sent in the order in which they happened, one batch at a time. What a sink does not accept is tried again, and holds
//     up what comes after it, for as long as the ledger keeps events.
//  3. No sink holds up another, nor a generation. Every call has a deadline, every batch a bound.
package events
