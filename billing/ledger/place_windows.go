package ledger

import "os"

// placeOf is not known here: a copy is taken for the file itself.
func placeOf(os.FileInfo) string { return "" }
