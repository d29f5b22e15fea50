package live

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"voicerelay/relay/metrics"
	"voicerelay/server/answer"
)

// section is a part of what operators see, which is told as a whole where anything of it has changed.
type section struct {
	name string
	json []byte
}

// state is what those who watch were told last. Its feed's mu guards it.
type state struct {
	sections []section
	points   time.Time // the last point that was told
	snapshot []byte    // all of it; nil: to be made
}

// takeLocked takes over what is to be seen now, and returns what was otherwise before, with the points that are new; nil: nothing.
func (s *state) takeLocked(sections []section, recent *metrics.Recent, now time.Time) []section {
	var changes []section
	for i, sec := range sections {
		if i >= len(s.sections) || !bytes.Equal(sec.json, s.sections[i].json) {
			changes = append(changes, sec)
		}
	}
	points := recent.Points(s.points, now)
	if len(points) > 0 {
		changes = append(changes, pointsSection(points))
		s.points = points[len(points)-1].At
	}
	if changes != nil {
		s.sections, s.snapshot = sections, nil
	}
	return changes
}

// snapshotLocked is all that was told, from the beginning of the last hour on.
func (s *state) snapshotLocked(recent *metrics.Recent, now time.Time) []byte {
	if s.snapshot == nil {
		var points []metrics.Point
		if !s.points.IsZero() {
			points = recent.Points(time.Time{}, s.points.Add(metrics.RecentStep))
		}
		s.snapshot = lineOf("snapshot", now, append(slices.Clone(s.sections), pointsSection(points)))
	}
	return s.snapshot
}

func pointsSection(points []metrics.Point) section {
	told := make([]pointEntry, len(points))
	for i, p := range points {
		told[i] = entryOfPoint(p)
	}
	return sectionOf("points", told)
}

func sectionOf(name string, v any) section {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it has strings and numbers
	}
	return section{name, text}
}

// lineOf is a line of the stream: its sections are in JSON already.
func lineOf(kind string, now time.Time, sections []section) []byte {
	var line bytes.Buffer
	line.WriteString(`{"type":"` + kind + `","at":"` + answer.Time(now) + `"`)
	for _, s := range sections {
		line.WriteString(`,"` + s.name + `":`)
		line.Write(s.json)
	}
	line.WriteString("}\n")
	return line.Bytes()
}
