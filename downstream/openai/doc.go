// Package openai is OpenAI's speech endpoint, as its clients use it: one text by POST, answered by its audio. Facts about clients
// are from openai 3.57.0 (PyPI) and 6.49.0 (npm), livekit-plugins-openai 1.8.9, @livekit/agents-plugin-openai 1.9.0 and
// pipecat-ai 1.14.0. Invariants:
//
//  1. Unknown fields are passed over; known ones of a wrong type are refused by name.
//  2. The answer's Content-Type says what the body is, whatever was asked for.
//  3. Audio that breaks off has no clean end, since no client reads an error behind the first byte.
package openai
