package limits

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSeenRemembersTheLast(t *testing.T) {
	var s Seen
	if s.Has("0") {
		t.Fatal("an empty Seen has an id")
	}
	for i := range Remembered {
		if !s.Add(fmt.Sprint(i)) {
			t.Fatalf("id %d counts as seen", i)
		}
	}
	if s.Add("0") {
		t.Error("the oldest of the last 4096 is forgotten")
	}
	s.Add("new")
	if s.Has("0") || !s.Has("1") || !s.Has("new") {
		t.Error("want just the oldest forgotten for a new one")
	}
	if len(s.ids) != Remembered || len(s.order) != Remembered {
		t.Errorf("holds %d ids in %d places, want %d", len(s.ids), len(s.order), Remembered)
	}
}

// Seen agrees with the plainest list that keeps the last ids.
func TestSeenAgreesWithAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Seen
		var list []string
		for i := range Remembered - 3 {
			id := fmt.Sprint("filler", i)
			s.Add(id)
			list = append(list, id)
		}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 20), 1, 200).Draw(t, "ids") {
			id := fmt.Sprint(n)
			want := !slices.Contains(list, id)
			if got := s.Add(id); got != want {
				t.Fatalf("Add(%s) = %v, want %v", id, got, want)
			}
			if want {
				list = append(list, id)
				list = list[max(0, len(list)-Remembered):]
			}
		}
	})
}

// A connection has three of these, and whoever has a key may fill them by texts that are refused.
func TestSeenIsSmallHoweverLongTheIDs(t *testing.T) {
	const most = 256 << 10 // bytes; hashes, their order and the map's spare room are about 140 KB
	var before, after runtime.MemStats
	all := make([]Seen, 16)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range all {
		for n := range Remembered {
			all[i].Add(fmt.Sprintf("%0128d", n))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / int64(len(all)); each > most {
		t.Errorf("%d bytes each, want at most %d", each, most)
	}
	runtime.KeepAlive(all)
}
