// Package rig has clients that others wrote, unmodified, speak through a relay: a built relay process before emulated vendors, the
// clients' packages in the versions that are pinned, programs in Python or JavaScript that use them, and ears. tests/clients/README.md
// says how to add a client's test.
//
//  1. The tests run only if VOICERELAY_CLIENTS is set, since they fetch some 300 MB of packages. Where Python, Node or a registry
//     is missing they are skipped and say so. Where a registry gives anything but what is pinned, they fail.
//  2. Packages are installed once a machine, below the user's cache folder, and their own install scripts never run.
//  3. A program tells what it notices, a JSON object a line; the test in Go judges that. What the client's logger says at warning
//     or above is told by itself.
//  4. No key that a client shows and no text that it has spoken may stand in the relay's log.
package rig
