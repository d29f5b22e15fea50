package elevenlabs

import "slices"

// mostDead is how many contexts that have failed a connection remembers. A client goes on with one it did not see fail yet, and it
// has at most as many of those as it may have open at once.
const mostDead = 64

// deadContexts are the ids of contexts that have failed, and that the client has not closed. The oldest make room.
type deadContexts struct{ ids []string }

func (d *deadContexts) has(id string) bool { return slices.Contains(d.ids, id) }

func (d *deadContexts) add(id string) {
	if d.has(id) {
		return
	}
	if len(d.ids) == mostDead {
		d.ids = slices.Delete(d.ids, 0, 1)
	}
	d.ids = append(d.ids, id)
}

func (d *deadContexts) remove(id string) {
	d.ids = slices.DeleteFunc(d.ids, func(other string) bool { return other == id })
}
