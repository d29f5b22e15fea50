package tracing

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The variables that are read here. The library reads the others: headers, certificates, timeouts, the sampler, the queue.
const (
	varDisabled = "OTEL_SDK_DISABLED"
	varExporter = "OTEL_TRACES_EXPORTER"
	varRatio    = "OTEL_TRACES_SAMPLER_ARG"
	varSampler  = "OTEL_TRACES_SAMPLER"
)

// Pairs of variables: the second holds for traces alone, and goes before the first.
var (
	varsEndpoint = []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}
	varsProtocol = []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"}
)

// Protocols of OTLP.
const (
	protocolGRPC     = "grpc"
	protocolProtobuf = "http/protobuf"
	protocolJSON     = "http/json"
)

// settings are what the environment says.
type settings struct {
	on       bool
	protocol string
	// endpoint is where the collector is; empty: where it is by default.
	endpoint string
}

// readSettings reads the environment. What the library would only warn of is a fault here, since it is found at the start.
func readSettings() (settings, error) {
	s := settings{protocol: protocolProtobuf}
	disabled, err := truth(varDisabled)
	if err != nil || disabled {
		return settings{}, err
	}
	name, endpoint := first(varsEndpoint)
	switch exporter := get(varExporter); exporter {
	case "none":
		return settings{}, nil
	case "otlp":
		s.on = true
	case "":
		s.on = endpoint != ""
	default:
		return settings{}, fmt.Errorf("%s is %q, and must be otlp or none", varExporter, exporter)
	}
	if !s.on {
		return settings{}, nil
	}
	if s.endpoint = endpoint; endpoint != "" {
		err = checkEndpoint(name, endpoint)
	}
	if name, protocol := first(varsProtocol); protocol != "" {
		s.protocol = protocol
		if !slices.Contains([]string{protocolGRPC, protocolProtobuf, protocolJSON}, protocol) {
			err = errors.Join(err, fmt.Errorf("%s is %q, and must be grpc, http/protobuf or http/json", name, protocol))
		}
	}
	return s, errors.Join(err, checkSampler())
}

// get is a variable without white space around it. An empty one is as good as none, as OpenTelemetry has it.
func get(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// first is the first of some variables that is set.
func first(names []string) (name, value string) {
	for _, name := range names {
		if value := get(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

func truth(name string) (bool, error) {
	switch value := get(name); strings.ToLower(value) {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, fmt.Errorf("%s is %q, and must be true or false", name, value)
	}
}

// checkEndpoint names no value, which may have a password.
func checkEndpoint(name, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s must be an address such as http://127.0.0.1:4318", name)
	}
	return nil
}

// checkSampler refuses samplers that the library does not know, in whose place it would take its default.
func checkSampler() error {
	sampler := strings.ToLower(get(varSampler))
	known := []string{"", "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"}
	if !slices.Contains(known, sampler) {
		return fmt.Errorf("%s is %q, and must be one of %s", varSampler, sampler, strings.Join(known[1:], ", "))
	}
	if !strings.HasSuffix(sampler, "traceidratio") || get(varRatio) == "" {
		return nil
	}
	if ratio, err := strconv.ParseFloat(get(varRatio), 64); err != nil || !(ratio >= 0 && ratio <= 1) {
		return fmt.Errorf("%s is %q, and must be a number from 0 to 1", varRatio, get(varRatio))
	}
	return nil
}
