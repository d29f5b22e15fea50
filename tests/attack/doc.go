// Package attack plays hostile clients, tenants, vendors and strangers against a running relay.
//
// Each attack meets a relay of its own, as users build it, for some seconds. Another tenant speaks by it before, meanwhile and
// afterwards. What the relay holds is read from its own metrics; the test prints all of it as one table.
//
//  1. An attack says what memory it may cost at most. Memory, goroutines and descriptors come back when it ends.
//  2. The other tenant waits for its first audio no longer than twice what it waits alone, loses no generation, and has one
//     record of each in the ledger.
//  3. An attack counts what it did, and fails where that was too little to prove anything.
//  4. Attacks run one after the other: they are measured against the same two cores.
//
// docs/security.md has the bounds that hold them.
package attack
