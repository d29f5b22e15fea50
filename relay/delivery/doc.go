// Package delivery brings messages to one client, in order.
//
// An Outbox is what waits for a client: the connection's own messages, and a Lane for each generation. Conn is a client's
// WebSocket connection with its writer; the answer to an HTTP request is another writer of an outbox.
//
//  1. The messages of a lane keep their order, and lanes send in turn, one message each. The connection's own messages go first.
//  2. The lanes of a Turn send one after another: the next one begins once the end of the one before has been taken.
//  3. What is queued in a batch goes out together after it: directly, by who ends the batch, or else by the writer.
//  4. Nothing is dropped for a slow client but the connection itself. What may wait is bounded: the connection's own messages
//     by count and bytes, those of generations by HasRoom, which they ask before they have more text spoken.
//  5. A client gets whole frames. One that ends within a frame is reset, so that it takes no part for a message.
//  6. The outbox's mutex may be taken with a socket's writeMu held, and no other lock. No goroutine waits for writeMu with a lock held.
package delivery
