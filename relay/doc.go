// Package relay is the engine: it takes a generation from its text to its audio and its bill, and knows no client's protocol.
//
// One generation's way through the files: resolve.go turns a request into one that names targets, run.go runs it, failover.go tries
// targets (package candidates), hedge.go opens a backup, attempt.go speaks it at one, step by step (step.go), sink.go is the step of each
// audio frame, hold.go keeps some back, passthrough.go makes the message, package delivery brings it to the client, cancel.go lets go of
// the vendor, settle.go is its end. Each file needs only those below it: Generation (generation.go) stands on attempts (attempts.go,
// takeover.go), which stand on attempt, that on output (output.go, what the client gets), and that on task (task.go, what does not
// change). An attempt tells what concerns others to its owner. The packages below have what needs no generation: providers what may
// speak and how a stream there is opened, candidates which of them is next, refusals why none does, input the text as it comes and is
// paid, speech what one vendor says of it, outcome how that ends, sound what becomes of its frames, position where in the text that is,
// running which generations there are. Invariants:
//
//  1. Every accepted generation sends exactly one end: Generation.Finish is the one place that queues it.
//  2. Nothing but a generation's end follows once it has been stopped: its lane is purged under the lock that
//     the frame step takes.
//  3. Whoever starts a goroutine waits for it: attempts belong to their generation, and that to who calls Run.
//  4. Locks are taken in this order: output.mu, the outbox's. A listener is called with neither.
//  5. What a client gets is made by the encoder that it gives with each generation, so a frame's path is one, whoever listens.
package relay
