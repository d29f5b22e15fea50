package vendorsocket

import (
	"bytes"
	"strconv"
)

// JoinID is the id at the vendor of the nth thing that a stream has there, such as a context or a request: STREAM.N. By it
// a frame finds its stream, whatever the stream's own id has in it.
func JoinID(stream string, n int) string { return stream + "." + strconv.Itoa(n) }

// SplitID takes such an id apart, at its last dot. The stream is part of id, not a copy.
func SplitID(id []byte) (stream []byte, n int, ok bool) {
	dot := bytes.LastIndexByte(id, '.')
	if dot < 0 {
		return nil, 0, false
	}
	n, err := strconv.Atoi(string(id[dot+1:]))
	return id[:dot], n, err == nil
}
