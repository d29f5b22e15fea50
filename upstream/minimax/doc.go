// Package minimax is the adapter for MiniMax's bidirectional T2A WebSocket, /ws/v1/t2a_v2_bidi.
//
// A socket there is one session: task_start fixes its voice, model and format, and one thing is spoken at a time, under no
// name. So a socket is for streams that ask for the same, one after the other, and it is ready for them, with its
// task_started, before they come. A piece is a task_continue with a task_flush behind it, whose task_flushed is the
// piece's end.
//
// Sources: the vendor's documentation of the socket (platform.minimax.io, T2A WebSocket (Bidirectional), with its AsyncAPI) and its
// list of error codes; what it leaves out is assumed, as its capabilities say. The audio is hexadecimal, and samples are taken to be
// 16 bits, little-endian: the vendor says "pcm", and clients play it so.
//
// Invariants:
//
//  1. The nth task_flushed ends the nth piece, for it comes after its audio, and also where there was nothing to speak.
//  2. A text that the vendor leaves out, since too much is queued, is sent again, after all that went out before it and before
//     all that comes after it; where that can't be, the stream fails as throttled.
//  3. A socket takes its next stream only once task_canceled has confirmed that the one before it is over. Where that does not
//     come it is closed.
//  4. Any other code than those of a text that was left out ends the socket, with the stream on it.
//  5. The characters that the vendor says it charges for are the stream's, summed over all syntheses, where it has said so of each
//     piece that it was sent. They are read where is_final stands: the vendor doesn't say on which frames they are.
//  6. Of an error only its number goes further: status_msg is free and may quote the client's text.
package minimax
