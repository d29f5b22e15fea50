package document

import (
	"slices"
	"testing"
)

const page = "# A\n<!-- generated: one -->\n1\n<!-- end -->\nprose\n<!-- generated: two -->\n<!-- end -->\n"

func TestAPartIsFilled(t *testing.T) {
	got, err := Fill(page, "two", "2\n")
	want := "# A\n<!-- generated: one -->\n1\n<!-- end -->\nprose\n<!-- generated: two -->\n2\n<!-- end -->\n"
	if err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	if part, err := Part(got, "two"); err != nil || part != "2\n" {
		t.Errorf("read %q, %v", part, err)
	}
}

func TestAPartMustStandOnceAndEnd(t *testing.T) {
	for name, broken := range map[string]string{
		"no mark": "# A\n", "twice": page + page, "no end": "<!-- generated: one -->\n1\n",
	} {
		if _, err := Fill(broken, "one", ""); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestProseHasNoParts(t *testing.T) {
	if got := Names(page); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("the parts are %q", got)
	}
	if got := Prose(page); got != "# A\n\nprose\n\n" {
		t.Errorf("the prose is %q", got)
	}
}
