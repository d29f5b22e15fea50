package limits

// Remembered is how many ids a Seen keeps.
const Remembered = 4096

// Seen remembers the last ids that were added. It grows as they come, so that an idle connection costs
// nothing. Not safe for concurrent use; the zero value is ready.
type Seen struct {
	ids   map[string]struct{}
	order []string // a ring once it is full
	next  int      // the oldest, which the next id replaces; 0 until the ring is full
}

// Add remembers an id, and reports false where it was remembered already.
func (s *Seen) Add(id string) bool {
	if s.Has(id) {
		return false
	}
	if s.ids == nil {
		s.ids = make(map[string]struct{})
	}
	s.ids[id] = struct{}{}
	if len(s.order) < Remembered {
		s.order = append(s.order, id)
		return true
	}
	delete(s.ids, s.order[s.next])
	s.order[s.next] = id
	s.next = (s.next + 1) % Remembered
	return true
}

// Has reports whether an id is remembered.
func (s *Seen) Has(id string) bool {
	_, ok := s.ids[id]
	return ok
}
