package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"voicerelay/trialca"
)

const (
	// certDays is how long what `relay cert` makes is valid, if nothing else is asked for: long enough for a trial, and not so
	// long that it is still there when it is forgotten.
	certDays = 365
	// maxCertDays is the longest that Apple's systems accept of a server's certificate.
	maxCertDays = 825
)

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
	hosts, err := trialca.ParseHosts(*list)
	switch {
	case err != nil:
		err = fmt.Errorf("-host: %w", err)
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
	paths, err := trialca.Write(*dir, hosts, end, *force)
	if errors.Is(err, trialca.ErrThere) {
		err = fmt.Errorf("%w: -force replaces it, and then clients need the new %s", err, filepath.Base(paths.CA))
	}
	if err != nil {
		fmt.Fprintln(std.err, "relay cert:", err)
		return exitFault
	}
	printCert(std.out, paths, hosts, end)
	return exitOK
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
