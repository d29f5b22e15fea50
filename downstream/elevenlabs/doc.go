// Package elevenlabs is the ElevenLabs dialect: what programs written for the text-to-speech API of ElevenLabs speak.
//
// dialect.go lists the endpoints. query.go reads what a WebSocket's address says, handshake.go makes a session of it (talk.go),
// receive.go applies the client's messages (message.go) to contexts (context.go), each of which is one generation, ends.go follows
// them, and encoder.go says what the client gets, with the characters' times of alignment.go. speech.go answers texts over HTTP,
// forms.go says how, lists.go and user.go list what a key has, errors.go has the errors.
//
// Sources: the vendor's API reference of November 2026, and its clients, of which these are unlike each other: livekit-plugins-elevenlabs
// 1.8.9, @livekit/agents-plugin-elevenlabs 1.9.0, pipecat-ai 1.14.0, elevenlabs 2.78.0 (Python), @elevenlabs/elevenlabs-js 2.73.0.
// Invariants:
//
//  1. The reader waits for nothing but its socket, so a close_context waits for nothing.
//  2. A context that was opened gets exactly one final frame, and nothing after it.
//  3. Contexts of one connection are independent: none waits for another.
//  4. An alignment has the client's own characters. Each word ends with a space, where its script has spaces.
package elevenlabs
