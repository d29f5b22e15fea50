// Package protocol is what a client of the relay sees: commands in, events and audio frames out, version 1.
// It knows the shape of messages and nothing of voices, routes, tenants or sockets. Decode reads a
// command, Encode writes an event, and the Append functions write audio frames into a buffer of the caller's. Clients have
// the other side of each: EncodeCommand, DecodeEvent and ParseAudioBinary.
//
// A command is one JSON object with a type. Its invariants, which Decode enforces:
//
//  1. The message is valid UTF-8 and exactly one JSON object, with nothing but white space around it.
//  2. Names are matched exactly, case included. A name that its command does not have is refused, at the
//     top, in output and in cancel's played alike; what stands within one provider's options is for its adapter.
//  3. No key stands twice in one object, at any depth, however it is escaped.
//  4. No string and no key has a NUL or half a surrogate pair, and nothing is nested deeper than 32 levels.
//  5. Every value has its type and range. An integer is written without fraction or exponent. null is for
//     configure alone, where it takes a setting back to the relay's own.
//  6. A cancel names one of generation_id, context_id and all; played times fit what it names.
//
// A refusal is an *Error. Its own invariants:
//
//  7. The code decides status and whether a retry may help, by one table.
//  8. Param is the path of the field at fault, with dots, wherever a field is: a required field that is
//     missing too. A name of more than 64 characters is shortened, and stands for itself only.
//  9. command is echoed where the type is known and generation_id where it is valid, whatever else is wrong;
//     of several faults one is told: the form of the JSON first, then the type, unknown names, and values.
//  10. Messages name the limit. They never repeat a value that the client sent.
//
// An event encodes as one object whose first field is its type. Its invariants:
//
//  11. An array or object is never null, and a field with null is one that the protocol gives a null for.
//  12. Characters stand as they are, also <, > and &.
//  13. Milliseconds are rounded down; a real-time factor has three decimals.
//  14. An audio frame costs no allocation once the buffer is large enough.
package protocol
