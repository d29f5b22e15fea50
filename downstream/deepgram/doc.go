// Package deepgram is the dialect of clients of Deepgram's speech: WebSockets /v1/speak (Aura) and /v2/speak (Flux), the same as
// requests over HTTP, and the list of models.
//
// A turn's way through the files: handshake.go refuses a request or makes a session of it, whose query query.go and names.go read;
// receive.go takes the session's messages, message.go reads them, commands.go and interrupt.go apply them. turns.go has what a turn
// is, order.go ends each in its order, aura.go and flux.go say what the client gets by either version. speech.go answers a text
// over HTTP, models.go the list.
//
// Sources: Deepgram's documentation of both protocols, and what these programs send and read: livekit-plugins-deepgram 1.8.9,
// @livekit/agents-plugin-deepgram 1.9.0, pipecat-ai 1.14.0, deepgram-sdk 7.17.0 (PyPI), @deepgram/sdk 5.13.0 (npm).
//
// Audio frames name nothing, so only their order tells whose they are. Invariants:
//
//  1. A turn's messages come in the order of Flushes: what ends one comes after its last audio, and before the next one's first.
//  2. After Cleared, and after SpeechInterrupted, nothing comes of what was cleared.
//  3. Each Flush that no Clear overtakes is answered once, also one without text, and one whose turn has failed.
//  4. Names and formats are looked up at the handshake; what is wrong with them is refused there.
//  5. talk.mu is taken before any lock of the engine, and never while one is held.
package deepgram
