// Package samples tests files of deploy/ by the programs and types that they are for: the chart by Helm itself, manifests by the
// types of Kubernetes, the dashboard by those of Grafana.
//
// It is a module of its own, so that none of these is a dependency of the relay. make samples runs it.
package samples
