// Package kugelaudio emulates wss://api.kugelaudio.com: single requests, one stream a socket, and sockets of several
// contexts. Invariants:
//
//  1. A context's jobs are done in their order, whichever way they came.
//  2. What a context has generated is charged, however it ended.
package kugelaudio
