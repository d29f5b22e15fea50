package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"voicerelay/upstream"
)

// Environment is what a configuration may refer to from outside.
type Environment struct {
	Lookup  func(name string) (string, bool)
	Read    func(path string) (string, error)
	Find    func(program string) (path string, err error)
	Drivers []upstream.Driver
	// Dialects are those that clients may speak: by name, what their paths begin with.
	Dialects map[string]string

	expanded func(text, source string) // is told of each text that came from outside; nil: nobody is
}

// maxSecretFile bounds a file that ${file:PATH} names: room for a certificate, and no device read for ever.
const maxSecretFile = 64 << 10

// LineEnds is what editors and shells leave at the end of a secret.
const LineEnds = "\r\n"

// ReadSecret is a file's content without the line ends at its end.
func ReadSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", err
	}
	if len(content) > maxSecretFile {
		return "", fmt.Errorf("%s is longer than %d bytes", path, maxSecretFile)
	}
	return strings.TrimRight(string(content), LineEnds), nil
}

// expansion is a string of the file with its references replaced.
type expansion struct {
	text string
	// foreign: part of the text came from outside, so it is not to be shown.
	foreign bool
	// unset is the names that the environment lacks; they expanded to nothing.
	unset []string
}

// expand replaces ${NAME} by the environment's and ${file:PATH} by a file's content, without line ends at their ends;
// $${ stands for a plain ${. What was put in is not expanded again.
func (e Environment) expand(s string) (expansion, error) {
	var out expansion
	var text strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			out.text = text.String() + s
			return out, nil
		}
		if escaped, ok := strings.CutSuffix(before, "$"); ok {
			text.WriteString(escaped + "${")
			s = rest
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return expansion{}, errors.New("${ without a closing }")
		}
		value, err := e.value(name, &out)
		if err != nil {
			return expansion{}, err
		}
		text.WriteString(before + value)
		s = after
	}
}

// value is what one reference stands for.
func (e Environment) value(name string, out *expansion) (string, error) {
	out.foreign = true
	if path, ok := strings.CutPrefix(name, "file:"); ok {
		content, err := e.Read(path)
		if err != nil {
			return "", fmt.Errorf("${file:…}: %w", err)
		}
		return content, nil
	}
	if !isVariable(name) {
		return "", errors.New("${…} holds neither a variable's name nor file: and a path")
	}
	value, ok := e.Lookup(name)
	if !ok {
		out.unset = append(out.unset, name)
	}
	return strings.TrimRight(value, LineEnds), nil
}

// checkSecret refuses what no header takes. Its error tells nothing of the secret.
func checkSecret(secret string) error {
	if strings.ContainsFunc(secret, unicode.IsControl) {
		return errors.New("holds a line break or another control character in its middle, which no key and no address has")
	}
	return nil
}

func isVariable(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// driver is the driver of an adapter's name.
func (e Environment) driver(adapter string) (upstream.Driver, bool) {
	for _, d := range e.Drivers {
		if d.Name() == adapter {
			return d, true
		}
	}
	return upstream.Driver{}, false
}

// adapters lists what there is, for faults.
func (e Environment) adapters() string {
	var names []string
	for _, d := range e.Drivers {
		names = append(names, d.Name())
	}
	return strings.Join(names, ", ")
}
