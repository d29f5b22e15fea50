// Package packages installs what others wrote in pinned versions, in the user's cache, once for all tests that need the same.
// Where this machine lacks what it takes, the error is a process.Missing.
package packages
