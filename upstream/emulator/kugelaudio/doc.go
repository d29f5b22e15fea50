// Package kugelaudio emulates wss://api.kugelaudio.com: single requests, one stream a socket, and sockets of several
// contexts. Invariants:
//
//  1. A context's jobs are done in their order, whichever way they came.
//  2. What a context has generated is charged, however it ended.
//
// The rules come from the pages of docs.kugelaudio.com and from the sources of the vendor's SDKs for JavaScript, Python and
// Java. "The reference" is the former. What both leave open is drawn by the seed: see quirks.
package kugelaudio
