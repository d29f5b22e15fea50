package main

// section is a table of figures.
type section struct {
	Title   string   `json:"title"`
	Columns []string `json:"columns"`
	Figures []figure `json:"figures"`
	Notes   []string `json:"notes,omitempty"` // what keeps the figures from saying more
}

// figure is a row of a table.
type figure struct {
	Name    string            `json:"name"`
	Unit    string            `json:"unit"`
	Columns map[string]spread `json:"columns"`
	Ratio   *spread           `json:"relay_to_nginx,omitempty"` // of the rounds' own ratios
}

// tabulate makes a figure of each path's rounds.
func tabulate[T any](name, unit string, rounds map[string][]T, of func(T) float64) figure {
	f := figure{Name: name, Unit: unit, Columns: make(map[string]spread)}
	for path, all := range rounds {
		if len(all) > 0 {
			f.Columns[path] = spreadOf(values(all, of))
		}
	}
	return f
}

// compared adds the relay's ratio to nginx, where there are both.
func compared[T any](name, unit string, rounds map[string][]T, of func(T) float64) figure {
	f := tabulate(name, unit, rounds, of)
	if relay, nginx := rounds[relayPath], rounds[nginxPath]; len(relay) > 0 && len(nginx) > 0 {
		ratio := spreadOf(ratios(values(relay, of), values(nginx, of)))
		f.Ratio = &ratio
	}
	return f
}

func values[T any](all []T, of func(T) float64) []float64 {
	numbers := make([]float64, 0, len(all))
	for _, v := range all {
		numbers = append(numbers, of(v))
	}
	return numbers
}

// present are the names under which there is something.
func present[T any](names []string, of map[string][]T) []string {
	var some []string
	for _, name := range names {
		if len(of[name]) > 0 {
			some = append(some, name)
		}
	}
	return some
}

func spreadIfAny(values []float64) *spread {
	if len(values) == 0 {
		return nil
	}
	s := spreadOf(values)
	return &s
}
