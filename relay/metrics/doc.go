// Package metrics is what the relay tells Prometheus. It decides nothing, and knows no other package: who counts says what.
package metrics
