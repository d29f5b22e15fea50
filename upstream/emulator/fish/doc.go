// Package fish emulates Fish Audio's WebSockets for live speech: /v1/tts/live, and /v1/tts/live/with-timestamp, which tells
// where words are besides. Invariants:
//
//  1. Messages are maps of MessagePack in binary frames, and audio in them is binary too.
//  2. A connection has one session, which finish ends and the server's close follows. Nothing but closing the socket stops it.
//  3. No flush is answered. On the second socket chunks count up, and each tells its text and where its audio begins.
//  4. Bytes of UTF-8 are charged, each text when it begins to be spoken.
//
// The rules come from Fish Audio's docs, WebSocket TTS Streaming and WebSocket TTS with Timestamps, with their AsyncAPI
// descriptions, and where these are silent from what Fish Audio's SDK and LiveKit's plugin send and can read. What all of them
// leave open is drawn by the seed: see quirks.
package fish
