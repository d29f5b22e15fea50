// Package assemblyai is the adapter for AssemblyAI's streaming text to speech, /v1/ws.
//
// A socket is a session: of one voice, in one format, of one stream at a time, and of many streams one after another. Each piece
// is a Generate and a Flush, which the vendor calls a request; its FlushDone is the piece's end. A longer piece is several requests.
// The vendor numbers requests, a Cancel among them, through all of a session. A stream learns from the first audio what number the
// vendor gave its first request, and counts on from there, so that nothing depends on what others did on the socket before.
//
// Sources: AssemblyAI's documentation (assemblyai.com/docs/tts: message frames, error handling, limits), and the vendor's own SDK,
// PyPI assemblyai, for what numbers a Cancel takes and what the times of words count from. What happens to a request's times after
// a Cancel is said nowhere: they are dropped.
//
// Invariants:
//
//  1. A socket carries one stream at a time. One whose Cancel is not confirmed takes its socket along: whatever comes late could
//     be taken for the next stream's.
//  2. Audio and ends come in the order of the requests. What names a request before its turn ends the socket; what names one that
//     is over is late, and is dropped.
//  3. The vendor has no more than 8,000 characters at a time that it has not spoken; what is beyond waits here.
//  4. A request's words count from its first sample received, and come after its end, perhaps after the next one's first audio. A
//     stream ends when its last words are there, or half a second after its last audio.
//  5. Of an error only what is in the tables goes further: its text is free and may quote the client's.
//  6. No stream begins on a session in its last five minutes.
package assemblyai
