// Package jambonz is the protocol by which jambonz streams text to a speech vendor that its operator has added: a WebSocket, text
// in pieces, and the audio in binary frames. Its HTTP sibling is in package plain.
//
// Facts are from jambonz' guide to custom speech vendors (docs.jambonz.org), its feature server and its example of a server
// (repositories jambonz-feature-server and custom-speech-example of August 2026). It could not be run here. Invariants:
//
//  1. The first message says at which rate audio will come, since jambonz resamples by it. It never changes.
//  2. What a flush ends is one generation. Several are spoken in their order, each while those before it still play.
//  3. After a stop no audio comes of what was said before it.
//  4. There is no message for an end: nothing says that a text has been spoken.
package jambonz
