// Package plain is what platforms for voice agents ask of a customer's own speech server: a POST with one text, answered by raw
// audio. Each platform is a row of a table: the fields that it sends, and what it takes. Facts are from the platforms' public
// documentation and from jambonz's speech-utils 0.2.27; none of them could be run here. Invariants:
//
//  1. A body is read as it comes, and only the fields of the table are kept: a platform may send the whole call with each text.
//  2. Fields that are not in the table are passed over.
//  3. What the address says (voice, route, language, sample_rate) goes before what the body says: the one is set by whoever set the
//     relay up, the other by the platform.
package plain
