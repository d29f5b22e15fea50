package samples

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The dashboard is one that Grafana's types know to the last field of each panel, and no panel covers another.
// These types are of the form that Grafana reads from files and imports; it has a newer one for its API.
func TestTheDashboardIsGrafanas(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	text, err := os.ReadFile("../../deploy/grafana/dashboards/voicerelay.json")
	if err != nil {
		t.Fatal(err)
	}
	var board dashboard.Dashboard
	var faults cog.BuildErrors // an empty list of these is no nil, so that panels without a fault are left out
	if err := new(dashboard.Dashboard).UnmarshalJSONStrict(text); err != nil && (!errors.As(err, &faults) || len(faults) > 0) {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	if err := board.Validate(); err != nil && (!errors.As(err, &faults) || len(faults) > 0) {
		t.Error(err)
	}
	covered := make(map[[2]uint32]string)
	for _, each := range board.Panels {
		panel := each.Panel
		if panel == nil {
			continue // a row
		}
		at := panel.GridPos
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other := covered[[2]uint32{x, y}]; other != "" {
					t.Fatalf("%s covers %s", *panel.Title, other)
				}
				covered[[2]uint32{x, y}] = *panel.Title
			}
		}
	}
	if len(covered) == 0 {
		t.Error("there are no panels")
	}
}
