// Package zeligate is the adapter for Zeligate Voice's /v1/text-to-speech/{voice_id}/stream-input.
//
// A stream is a socket there. Its first piece goes out after BOS, the opening message with the settings and the key;
// each piece is followed by flush, the last one by EOS, an empty text. The vendor marks neither pieces nor words:
// isFinal alone says that all has come. try_trigger_generation is not used, since it waits for a boundary while a
// piece is to be spoken as it stands.
//
// Sources: Zeligate Voice's documentation, version 1.3.0 (streaming, errors, output formats, voice settings), and for what
// it leaves open ElevenLabs' stream-input, whose protocol the vendor mirrors.
//
// Invariants:
//
//  1. A socket carries one stream. Voice and format stand in its address, so one that was opened ahead suits streams of
//     the same two, and has been sent nothing.
//  2. No text frame is empty but EOS, and nothing follows that. A keep-alive goes out between BOS and EOS only:
//     before them it would open the stream, without a key.
//  3. The vendor is stopped by closing the socket, which Close does before anything else.
//  4. The key stands in BOS or in the query, as configured, and in the handshake's header besides; never in a pool's key.
package zeligate
