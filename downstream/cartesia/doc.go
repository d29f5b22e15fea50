// Package cartesia is the dialect of programs that speak to Cartesia: contexts over a WebSocket, and single texts over HTTP.
// docs/dialects.md says what of it is understood.
//
// A text's way through the files: handshake.go makes a session of a request, talk.go reads it, message.go decodes what the client
// says, contexts.go keeps which context it is of, request.go makes a request to the engine of it, and encoder.go says what the
// client gets. errors.go has what clients are told of failures. speech.go and events.go answer single texts, voices.go lists voices.
// Invariants:
//
//  1. A context that was begun gets one done for each utterance in it, after all of its audio.
//  2. An error is a message that ends nothing, and a done follows it: clients take an error that is itself the end for success.
//  3. Text for a context that has failed is swallowed, and never charged, until the client has ended that context too.
package cartesia
