// Package vendorhttp is what adapters share that speak to their vendor by requests over HTTP. The engine and routing never see it.
//
// Client has a provider's connections: it bounds connecting, keeps connections between requests, opens some ahead of need, and
// waits for every goroutine. Stream is one attempt, each piece of which is a request, or several where the vendor takes no text
// of that length. What an adapter adds is a Dialect: the request that has a text spoken, what a refusal means, and how an answer's
// body is audio. Samples and Events read the usual bodies: bare samples, WAV files, server-sent events.
//
// Invariants:
//
//  1. What answers say reaches the sink in the order of their pieces, however many requests are under way. An answer ahead of its
//     turn is not read: what it has waits in the buffers of its connection, which are bounded.
//  2. A piece for which no request has been made is withheld, so nobody waits for it, and it costs nothing.
//  3. A request that is cancelled is aborted at once, and its connection is closed with it, unless HTTP/2 shares that.
//  4. A request is made again in one case only: a connection that had been kept ends before a byte of the answer has come. Then
//     the vendor had most likely closed it before.
//  5. No redirect is followed, since it would take key and text to another host. Of a refusal only the beginning is read.
//  6. An answer has no deadline of its own: the engine's, for a first audio and for stalls, end the stream.
//  7. Every goroutine belongs to a Client, whose Close waits for it.
package vendorhttp
