package billing

import "time"

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

// Remains is what a ledger does not know of its own records: after a crash, or where it was restored from a copy.
type Remains struct {
	// Open are generations that earlier starts left open: of each its id, tenant and admission.
	Open []Record
	// Gaps are numbers that were given out and that the ledger has no records of, except those that exist nowhere.
	Gaps []Gap
	// Epochs are those that the ledger knows, the present one left out, in the order of their starts.
	Epochs []string
	// Kept is a time before whose hour no records are kept; zero: all are.
	Kept time.Time
	// Newest is when the youngest record that the ledger has was admitted; zero: it has none.
	Newest time.Time
	// Copied: the file is not where it was last written, so the relay that wrote it before may still be running.
	Copied bool
	// Gone are epochs of those who do so no more: they wrote a file of this name, which has but one writer.
	Gone []string
}

// Gap is numbers of an epoch and tenant, from First to Last.
type Gap struct {
	Epoch, Tenant string
	First, Last   int64
}
