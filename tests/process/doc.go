// Package process runs the relay as a process of its own, for tests that know it by its protocols alone. Invariants:
//
//  1. A process ends with its test: by SIGTERM and with exit code 0, unless the test has killed it.
//  2. What it logs is kept, and searched for signs of a broken process and for what the test forbids.
package process
