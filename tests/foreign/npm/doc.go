// Package npm has programs that others wrote, from npm's registry, speak to the emulators. A test folder of it holds a
// package.json, its package-lock.json and the program.
//
//  1. Where Node, npm or the registry is missing, or Node is too old for the packages, a test is skipped and says so.
//     Where the registry gives anything but what is pinned, it fails.
//  2. The packages' own install scripts never run.
//  3. What a program notices goes to its standard output, a JSON object a line; the test judges that.
package npm
