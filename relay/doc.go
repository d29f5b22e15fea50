// Package relay is the engine: it takes a generation from its text to its audio and its bill, and knows no client's protocol.
//
// One generation's way through the files: resolve.go turns a request into one that names targets, generation.go runs it,
// failover.go chooses targets, attempt.go speaks it at one, output.go is what all attempts share, sink.go is the step of each audio
// frame, package delivery brings it to the client, settle.go is its end. The packages below have what needs no generation: providers
// what may speak and how a stream there is opened, input the text as it comes and is paid, speech what one vendor says of it, sound what
// becomes of its frames, position where in the text that is. Invariants:
//
//  1. Every accepted generation sends exactly one end: Generation.Finish is the one place that queues it.
//  2. Nothing but a generation's end follows once it has been stopped: its lane is purged under the lock that
//     the frame step takes.
//  3. Whoever starts a goroutine waits for it: attempts belong to their generation, and that to who calls Run.
//  4. Locks are taken in this order: output.mu, the outbox's. A listener is called with neither.
//  5. What a client gets is made by the encoder that it gives with each generation, so a frame's path is one, whoever listens.
package relay
