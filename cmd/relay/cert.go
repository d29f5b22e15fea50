package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"voicerelay/trialca"
)

const (
	// certDays is how long what `relay cert` makes is valid, if nothing else is asked for: long enough for a trial, and not so
	// long that it is still there when it is forgotten.
	certDays = 365
	// maxCertDays is the longest that Apple's systems accept of a server's certificate.
	maxCertDays = 825
	// maxHostLength is DNS's own, in bytes.
	maxHostLength = 253
)

// certNames are the files that `relay cert` writes, in this order.
var certNames = trialca.Files[string]{CA: "ca.pem", Chain: "server.pem", Key: "server-key.pem"}

// cert makes a CA of its own and a certificate for a relay: `relay cert -host NAME[,NAME…] -out DIR`. Several clients insist on
// wss, and for a trial at home no public CA gives a certificate.
func cert(_ context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("relay cert", flag.ContinueOnError)
	list := flags.String("host", "", "the `names` by which clients reach the relay: host names and IP addresses, separated by commas")
	dir := flags.String("out", "", "the `folder` to write to; it is made if it is missing")
	days := flags.Int("days", certDays, "how many days the certificate is valid")
	force := flags.Bool("force", false, "replace files that are there")
	if done, code := parseFlags(flags, args, std.err); done {
		return code
	}
	if !noArguments(flags, std.err) {
		return exitUsage
	}
	hosts, err := parseHosts(*list)
	switch {
	case err != nil:
	case *dir == "":
		err = errors.New("-out: name the folder to write to")
	case *days < 1 || *days > maxCertDays:
		err = fmt.Errorf("-days: must be 1 to %d", maxCertDays)
	}
	if err != nil {
		fmt.Fprintln(std.err, "relay cert:", err)
		return exitUsage
	}
	end := time.Now().AddDate(0, 0, *days)
	paths, err := makeCert(hosts, end, *dir, *force)
	if err != nil {
		fmt.Fprintln(std.err, "relay cert:", err)
		return exitFault
	}
	printCert(std.out, paths, hosts, end)
	return exitOK
}

// parseHosts reads host names and addresses, separated by commas.
func parseHosts(list string) (hosts trialca.Hosts, err error) {
	for name := range strings.SplitSeq(list, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		address, notAddress := netip.ParseAddr(name)
		switch {
		case name == "":
			return trialca.Hosts{}, errors.New("-host: name the relay's hosts, such as localhost,127.0.0.1")
		case notAddress == nil && address.Zone() == "":
			hosts.Addresses = append(hosts.Addresses, address.Unmap())
		case isHostName(name):
			hosts.Names = append(hosts.Names, name)
		default:
			return trialca.Hosts{}, fmt.Errorf("-host: %q is neither a host name nor an IP address", name)
		}
	}
	return hosts, nil
}

// isHostName reports whether a text is a host's name as DNS allows one; in other scripts, in its form with xn--. A name whose last
// part has digits alone would be taken for an address.
func isHostName(name string) bool {
	labels := strings.Split(name, ".")
	return len(name) <= maxHostLength && strings.Trim(labels[len(labels)-1], "0123456789") != "" &&
		!slices.ContainsFunc(labels, func(label string) bool {
			return label == "" || len(label) > 63 || strings.Trim(label, "-") != label || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
		})
}

// makeCert makes the certificates, writes their files and returns where these are.
func makeCert(hosts trialca.Hosts, end time.Time, dir string, force bool) (paths trialca.Files[string], err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return paths, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return paths, err
	}
	paths = trialca.Files[string]{
		CA: filepath.Join(dir, certNames.CA), Chain: filepath.Join(dir, certNames.Chain), Key: filepath.Join(dir, certNames.Key),
	}
	for _, path := range []string{paths.CA, paths.Chain, paths.Key} {
		if _, err := os.Lstat(path); err == nil && !force {
			return paths, fmt.Errorf("%s is there already: -force replaces it, and then clients need the new %s", path, certNames.CA)
		}
	}
	made, err := trialca.Issue(hosts, end)
	if err != nil {
		return paths, err
	}
	return paths, errors.Join(
		replaceFile(paths.Key, made.Key, 0o600),
		replaceFile(paths.Chain, made.Chain, 0o644),
		replaceFile(paths.CA, made.CA, 0o644),
	)
}

// replaceFile writes a file that nobody sees half of. What is there, such as a link to another place, is not written to.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)) // with 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // once it has its name, there is nothing to remove
	_, err = file.Write(data)
	if err := errors.Join(err, file.Chmod(mode), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// printCert says what was written, and what to do with it.
func printCert(w io.Writer, paths trialca.Files[string], hosts trialca.Hosts, end time.Time) {
	fmt.Fprintf(w, `wrote %s, %s and %s
for %s, valid until %s

In config.yaml (cert and key of a running relay are read again on SIGHUP, their paths are not):

  tls: {cert: %[6]q, key: %[7]q}

In the environment of each program that connects, before it starts:

  Python     SSL_CERT_FILE=%[8]s
  Node       NODE_EXTRA_CA_CERTS=%[8]s
  relay, Go  SSL_CERT_FILE=%[8]s
  curl       curl --cacert %[8]s

SSL_CERT_FILE takes the place of the system's CAs. A program that also connects to other servers needs
a file with both: cat "$(python3 -m certifi)" %[8]s > both.pem
`, paths.CA, filepath.Base(paths.Chain), filepath.Base(paths.Key), hosts, end.Format(time.DateOnly), paths.Chain, paths.Key, paths.CA)
}
