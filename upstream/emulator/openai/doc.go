// Package openai emulates servers of the shape of OpenAI's POST /v1/audio/speech: OpenAI's own, and the many that others have built or
// run themselves. Invariants:
//
//  1. An answer's body is written as it is generated, or held until it is whole: what it says of itself before it has begun
//     (status, type, length) is then true, unless the seed has drawn a lie.
//  2. A client that leaves stops the generation, at the next frame or the end of the sentence.
//
// Fields, models, formats and events come from OpenAI's reference and SDK. What its successors do otherwise comes from their docs and
// sources (Kokoro-FastAPI, Speaches, LiveKit's plugin, which copes with several): how errors look, who refuses fields that it
// doesn't know, who ignores response_format or stream_format, who is busy with one request at a time. The seed draws which one this
// is: see quirks.
package openai
