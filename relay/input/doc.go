// Package input is what a generation has to speak: its text, as it comes and as it is paid.
//
// Text of a tenant with a budget becomes part of the text once it has been reserved for, and waits apart until then. Invariants:
//
//  1. Text is spoken in the order in which it came, and all that was said after it, as a flush, comes after it.
//  2. The generation's lock is never held while the budget is asked. One goroutine at a time does so: it runs Fund.
//  3. What was paid is spoken: a budget that runs out ends the text after its last sentence that can be paid, never within one.
//  4. A reservation is settled once, by what was spent.
package input
