package limits

import "hash/maphash"

// Remembered is how many ids a Seen keeps.
const Remembered = 4096

// Seen remembers the last ids that were added, by hashes of them: clients choose how long their ids are, and a refused id
// costs them nothing. Two ids of a Seen have the same hash once in a thousand million million times. It grows as they
// come, so that an idle connection costs nothing. Not safe for concurrent use; the zero value is ready.
type Seen struct {
	seed  maphash.Seed // so that no client can find two ids of one hash
	ids   map[uint64]struct{}
	order []uint64 // a ring once it is full
	next  int      // the oldest, which the next id replaces; 0 until the ring is full
}

// Add remembers an id, and reports false where it was remembered already.
func (s *Seen) Add(id string) bool {
	if s.Has(id) {
		return false
	}
	if s.ids == nil {
		s.ids, s.seed = make(map[uint64]struct{}), maphash.MakeSeed()
	}
	hash := maphash.String(s.seed, id)
	s.ids[hash] = struct{}{}
	if len(s.order) < Remembered {
		s.order = append(s.order, hash)
		return true
	}
	delete(s.ids, s.order[s.next])
	s.order[s.next] = hash
	s.next = (s.next + 1) % Remembered
	return true
}

// Has reports whether an id is remembered.
func (s *Seen) Has(id string) bool {
	if s.ids == nil {
		return false
	}
	_, ok := s.ids[maphash.String(s.seed, id)]
	return ok
}
