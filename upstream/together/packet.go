package together

import "voicerelay/upstream"

// The usual delta's members, by their places in the scanner's fields.
const (
	typeField = iota
	contextField
	itemField
	deltaField
	fieldCount
)

// packet is a delta.
type packet struct {
	base64, item []byte
	context      []byte // nil: not named
}

// scanDelta takes a delta apart, all parts being pieces of data. It reports false for any other frame.
func scanDelta(data []byte) (p packet, ok bool) {
	fields := [fieldCount]upstream.Field{
		typeField:    {Name: "type"},
		contextField: {Name: "context_id"},
		itemField:    {Name: "item_id"},
		deltaField:   {Name: "delta"},
	}
	if !upstream.ScanFlat(data, fields[:]) {
		return p, false
	}
	if kind, ok := fields[typeField].Text(); !ok || string(kind) != typeDelta {
		return p, false
	}
	if fields[contextField].Raw != nil {
		if p.context, ok = fields[contextField].Text(); !ok {
			return p, false
		}
	}
	if p.item, ok = fields[itemField].Text(); !ok || len(p.item) > longestID {
		return p, false
	}
	p.base64, ok = fields[deltaField].Text()
	return p, ok
}
