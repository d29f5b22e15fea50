package samples

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
)

// objects are those of some documents, by kind and name.
type objects struct{ all map[string]any }

// kinds are the types of what a document may be, by its version and kind.
var kinds = map[meta.TypeMeta]func() any{
	{APIVersion: "v1", Kind: "ConfigMap"}:                            func() any { return new(core.ConfigMap) },
	{APIVersion: "v1", Kind: "Secret"}:                               func() any { return new(core.Secret) },
	{APIVersion: "v1", Kind: "Service"}:                              func() any { return new(core.Service) },
	{APIVersion: "apps/v1", Kind: "StatefulSet"}:                     func() any { return new(apps.StatefulSet) },
	{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"}:           func() any { return new(policy.PodDisruptionBudget) },
	{APIVersion: "monitoring.coreos.com/v1", Kind: "ServiceMonitor"}: func() any { return new(monitoring.ServiceMonitor) },
	{APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule"}: func() any { return new(monitoring.PrometheusRule) },
}

// decoded are the objects of documents, each of which must be one that its type in Kubernetes knows, to the last field.
func decoded(t *testing.T, documents []byte) *objects {
	t.Helper()
	o := &objects{make(map[string]any)}
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(documents)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := yaml.ToJSON(document)
		if err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if string(bytes.TrimSpace(data)) == "null" {
			continue
		}
		o.decode(t, data)
	}
	if len(o.all) == 0 {
		t.Fatal("there are no objects")
	}
	return o
}

func (o *objects) decode(t *testing.T, data []byte) {
	t.Helper()
	var head meta.PartialObjectMetadata
	if err := json.UnmarshalCaseSensitivePreserveInts(data, &head); err != nil {
		t.Fatal(err)
	}
	known := kinds[head.TypeMeta]
	if known == nil {
		t.Fatalf("there is no %s %s", head.APIVersion, head.Kind)
	}
	object := known()
	faults, err := json.UnmarshalStrict(data, object)
	if err := errors.Join(append(faults, err)...); err != nil {
		t.Fatalf("%s %s: %v", head.Kind, head.Name, err)
	}
	o.all[head.Kind+"/"+head.Name] = object
}
