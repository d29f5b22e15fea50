// Package downstreamtest is the suite that every dialect passes: Run plays it with a client that the dialect's own tests write from
// the reference of its clients, over an in-memory server with vendors within the process, on the fake time of testing/synctest.
//
// A dialect says in Dialect what its clients can do; what they can't is not asked of it.
package downstreamtest
