package relaytest

import "pgregory.net/rapid"

// CutFrames is the bodies of a server's whole frames that are shorter than 64 KiB, and the bytes after them.
func CutFrames(t rapid.TB, wire []byte) (bodies []string, rest []byte) {
	for len(wire) >= 2 {
		if wire[0] != 0x81 && wire[0] != 0x89 && wire[0] != 0x88 {
			t.Fatalf("no frame begins with % x", wire[:2])
		}
		head, length := 2, int(wire[1])
		if length == 126 && len(wire) >= 4 {
			head, length = 4, int(wire[2])<<8|int(wire[3])
		}
		if len(wire) < head+length {
			break
		}
		bodies, wire = append(bodies, string(wire[head:head+length])), wire[head+length:]
	}
	return bodies, wire
}
