package filelock

import "os"

// PlaceOf is not known here: a copy is taken for the file itself.
func PlaceOf(os.FileInfo) string { return "" }
