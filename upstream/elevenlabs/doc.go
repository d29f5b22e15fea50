// Package elevenlabs is the adapter for ElevenLabs' /v1/text-to-speech/{voice_id}/multi-stream-input, and for
// /v1/text-to-dialogue/stream-input, which alone has the models of the third generation and later.
//
// The vendor marks no flush. Its only mark is isFinal, which ends a context, so each piece is a context of its own: it is
// opened with its settings, gets its text with the order to speak it, and is closed at once, which drains it. A stream
// has two contexts under way at most; further pieces wait here until isFinal of one has come. The vendor may speak
// contexts side by side, so that a piece's audio that comes ahead of its turn is held.
//
// A dialogue is a socket, which speaks one turn after another and marks the end of each. A piece is a turn, and one is sent when the one
// before has ended: whether a turn that comes earlier is marked by itself is not documented. There is no order to stop but to close the
// socket.
//
// Sources: ElevenLabs' API reference of multi-stream-input (elevenlabs.io/docs) and its guide to multi-context sockets.
// Where these have two spellings or say nothing, what LiveKit's and Pipecat's clients read and send decides. Of dialogues the types in
// the vendor's SDK, and the same clients.
//
// Invariants:
//
//  1. A socket takes five contexts, those that are closing among them, and a sixth ends them all. Two streams with two
//     contexts each leave one for what the vendor may count though we did not open it. A cancelled stream keeps its place until
//     isFinal of each of its contexts has come, or until the vendor must have given them up.
//  2. All settings but the voice's own stand in the address, so only streams with equal ones, of one tenant, share a socket.
//  3. An error ends the socket with all its streams, as it does at the vendor, whose one close code for nearly all of them
//     says nothing: the error's identifier decides, then its text or the close's reason, and only then the code.
//  4. Word times count from where their segment began in the samples received, and are of the text that was sent.
//  5. The key stands in the handshake's header and nowhere else.
//  6. A dialogue's socket carries one stream, whose voice is named before its first text. Its word times count from their frame's own
//     audio.
package elevenlabs
