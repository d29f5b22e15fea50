// Package rime emulates Rime's two protocols: v1, whose JSON envelopes belong to contexts (/ws), and the older /ws3, which
// speaks one thing at a time. Invariants:
//
//  1. A context of v1 has started, audio and exactly one of done, cancelled and error, in that order; contexts are spoken side
//     by side. After cancelled nothing comes of it, and nothing more is generated.
//  2. On /ws3 a synthesis ends by one done. Only closing the socket stops it: clear drops text alone.
//  3. Characters are charged, each text when its synthesis begins.
//
// The rules come from Rime's docs and from the AsyncAPI description in its package rime-api, and where these are silent from
// what LiveKit's plugin and Pipecat's service send and can read. What all of them leave open is drawn by the seed: see quirks.
// The subprotocol rime.v1.binary, the same envelopes as protobuf, is not emulated: a client that offers it alone is answered in
// JSON, as one that offers nothing known.
package rime
