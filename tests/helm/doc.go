// Package helm tests the chart of deploy/helm by Helm itself, and what it and deploy/kubernetes say by the types of Kubernetes.
//
// It is a module of its own, so that nothing of Helm and Kubernetes is a dependency of the relay. make chart runs it.
package helm
