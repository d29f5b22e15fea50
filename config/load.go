package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"voicerelay/billing"
	"voicerelay/routing"
)

// maxConfigFile bounds the file: room for a thousand keys, and what the parser handles in seconds at worst.
const maxConfigFile = 256 << 10

// Load reads and validates a configuration file. Its error has a line for each fault, and the warnings are valid with or
// without it.
func Load(path string, env Environment) (*Settings, []Warning, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	return Parse(path, source, env)
}

// unreadable is a file that can't be read, as a fault of the configuration.
func unreadable(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return &Error{Faults: []Remark{{file: path, reason: err.Error()}}}
}

// Parse is Load for what was read already.
func Parse(name string, source []byte, env Environment) (*Settings, []Warning, error) {
	r := newRemarks(name)
	if len(source) > maxConfigFile {
		r.fault("", fmt.Sprintf("is longer than %d bytes", maxConfigFile))
		return nil, nil, r.err()
	}
	written := newReferences()
	d := newDecoder(written.note(env), r, routing.DefaultRoute(), defaultDialect(), defaultSink())
	root, err := d.parse(source)
	if err != nil {
		return nil, nil, r.err()
	}
	file := defaultConfig()
	// Faults of single values are in r; the checks below go on with the defaults in their place.
	_ = d.decode(section{Node: root}, &file)
	result := settle(&file, d)
	sortRemarks(r.warnings)
	if err := r.err(); err != nil {
		return nil, r.warnings, err
	}
	result.Warnings = r.warnings
	result.InForce = inForce(&file, result, written)
	return result, r.warnings, nil
}

// LoadListener reads where a configuration's relay listens for clients, and with which certificate. All other faults stay
// unsaid, so that a secret which is missing here is none.
func LoadListener(path string, env Environment) (listen string, files TLSConfig, err error) {
	file, r, err := readFile(path, env)
	if err != nil {
		return "", TLSConfig{}, err
	}
	err = r.errOf(func(path string) bool { return path == "listen" || strings.HasPrefix(path, "tls") })
	return file.Listen, file.TLS, err
}

// LoadBooks reads what a configuration says of the ledger and Redis. The keys of clients and vendors may be missing in the
// environment: all other faults stay unsaid.
func LoadBooks(path string, env Environment) (BookSettings, error) {
	file, r, err := readFile(path, env)
	if err != nil {
		return BookSettings{}, err
	}
	file.Ledger.validate(r.below("ledger"))
	file.Redis.validate(r.below("redis"))
	err = r.errOf(func(path string) bool {
		top, _, _ := strings.Cut(path, ".")
		return top == "" || top == "ledger" || top == "redis"
	})
	return BookSettings{Ledger: file.Ledger, Redis: file.Redis}, err
}

// LoadPrices reads a configuration's price list, and leaves all other faults unsaid as LoadBooks does.
func LoadPrices(path string, env Environment) (*billing.PriceList, error) {
	file, r, err := readFile(path, env)
	if err != nil {
		return nil, err
	}
	list := settlePrices(file, r)
	err = r.errOf(func(path string) bool {
		return path == "" || strings.HasPrefix(path, "prices") || strings.HasPrefix(path, "list_prices")
	})
	return list, err
}

// readFile is a file as it is written, for those who need a part of it. Faults of single values are in the remarks.
func readFile(path string, env Environment) (*fileConfig, *remarks, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	r := newRemarks(path)
	d := newDecoder(env, r)
	root, err := d.parse(source)
	if err != nil {
		return nil, nil, r.err()
	}
	file := defaultConfig()
	_ = d.decode(section{Node: root}, &file) // its faults are in r
	return &file, r, nil
}
