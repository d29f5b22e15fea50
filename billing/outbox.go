package billing

// Numbered is a record with its number: 1, 2, 3 and so on without a gap, for each epoch and tenant.
type Numbered struct {
	// Epoch names one start of one relay; it is unique over all relays.
	Epoch  string
	Tenant string
	Seq    int64
	Record Record
}

// Tail is the number of the last record of an epoch and tenant.
type Tail struct {
	Epoch, Tenant string
	Last          int64
}

// Progress says how an attempt stands, so that it can be priced if the relay crashes. A later one of the same number
// replaces it.
type Progress struct {
	// RecordID is the generation's; Number is the attempt's place in it, from 0.
	RecordID string
	Number   int
	// Attempt has no outcome while it runs. Then its usage is what the vendor was given so far, and its cost is ignored.
	Attempt Attempt
}
