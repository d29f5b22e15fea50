// Package compress stands between generations and their clients that asked for compressed audio, for all dialects. Invariants:
//
//  1. What a client gets of a generation is one stream, whose end comes before the generation's own.
//  2. A message has the samples that were given to the encoder since the one before, so that all of them are the generation's.
//     Other messages keep their order, and come after the audio that they came after.
//  3. A stop kills the encoder at once, and nothing that it still gives reaches the client.
//  4. An encoder that fails ends its generation as failed, also with the rest of its stream: the generation is not over before that.
//  5. A client that takes nothing holds up the encoder, and with it the generation, as one without compression does.
package compress
