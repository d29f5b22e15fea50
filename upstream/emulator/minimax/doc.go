// Package minimax emulates MiniMax's WebSocket for text as it is written, /ws/v1/t2a_v2_bidi, and the older one, /ws/v1/t2a_v2,
// which has neither flush nor cancel. Invariants:
//
//  1. A connection has one session of one voice, and speaks one thing at a time. Audio is hexadecimal, and bears no name.
//  2. Each synthesis has one frame with is_final, and each task_flush one task_flushed, behind the audio of its text.
//  3. A cancel stops the synthesis: after task_canceled nothing comes of what was said before, and nothing more is generated.
//  4. Characters are charged, a Chinese one twice, each text when its synthesis begins, and usage_characters tells them.
//
// The rules come from MiniMax's docs, T2A WebSocket (Bidirectional) with its AsyncAPI description, and from the list of errors;
// where these are silent from what others' programs have seen. What all of them leave open is drawn by the seed: see quirks.
package minimax
