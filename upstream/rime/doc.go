// Package rime is the adapter for Rime's two WebSocket protocols, of which an option chooses one.
//
// v1, at /ws, is that of Coda: contexts side by side on a socket. Each piece is a context of its own, complete with its start, so that
// its done is the piece's end; the next one is opened while one is being spoken, and what comes of it early is held. The context's id is
// STREAM.PIECE. The vendor tells the times of words once, with done. The model is the address: there is no other place for it.
//
// ws3, at /ws3, is older and for all models. All settings are in the address, so a socket carries one stream at a time, and many one
// after another. Each piece is a text and a flush, whose done is the piece's end. A stream is stopped by closing its socket: the vendor's
// clear lets what is being made go on.
//
// Sources: the protocol's description in PyPI rime-api (an AsyncAPI document and a .proto file), Rime's documentation (docs.rime.ai), and
// how LiveKit's and Pipecat's clients read ws3. Neither protocol says what it charged, how many contexts a socket takes, nor for
// how long it is kept: LiveKit's client renews one after five minutes, as is done here.
//
// Invariants:
//
//  1. The sink hears the pieces one after another, whatever the order in which the vendor speaks contexts.
//  2. A stream has two contexts at the vendor at most; further pieces wait here.
//  3. An error that names its context ends that stream alone, once all before it is heard. One that names none ends the socket: whose
//     message it is about can't be known, and that stream would wait for nothing.
//  4. A socket of ws3 whose stream has left before its last done is closed: what comes late could be taken for the next stream's.
//  5. Of an error only what is in the tables goes further: its text is free and may quote the client's. One of ws3 has nothing but
//     a text, which is searched for what it means.
package rime
