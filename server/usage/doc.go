// Package usage answers what was used: sums of closed records (GET /v1/usage), and the records themselves (GET /v1/usage/records).
//
// question.go and filter.go read what is asked, wire.go and page.go answer it as JSON, table.go as CSV. Invariants:
//
//  1. A key that is no admin's is told of its own tenant alone (TenantFor).
//  2. Reports leave places to speech: places.go bounds those of a key, those of all, and those that read at the same time.
package usage
