// Package vogent emulates wss://api.vogent.ai. Invariants:
//
//  1. Only frames of one generation keep their order.
//  2. A generation ends once: spoken to its end, failed or cancelled.
package vogent
