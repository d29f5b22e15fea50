package billing

import "strconv"

// Table is groups as rows of text, under a line of names. A group that cost something in several currencies has a row
// for each; only the first has its counts, so that each column can be added up. A cost that is not known is empty.
func (q SumsQuery) Table(groups []Group) [][]string {
	rows := [][]string{q.header()}
	for i := range groups {
		rows = append(rows, q.rows(&groups[i])...)
	}
	return rows
}

func (q SumsQuery) header() []string {
	var names []string
	for _, d := range q.GroupBy {
		names = append(names, string(d))
	}
	if !q.OfAttempts() {
		names = append(names, "generations")
	}
	names = append(names, "attempts", "characters", "audio_ms", "cost", "currency", "unpriced", "estimated")
	if !q.OfAttempts() {
		names = append(names, "spoken_characters", "refused_characters") // last, for those who count columns
	}
	return names
}

func (q SumsQuery) rows(g *Group) [][]string {
	costs := g.Cost
	if len(costs) == 0 {
		costs = []Money{{}}
	}
	rows := make([][]string, len(costs))
	for i, money := range costs {
		count := func(n int64) string {
			if i > 0 {
				return ""
			}
			return strconv.FormatInt(n, 10)
		}
		var row []string
		for _, d := range q.GroupBy {
			row = append(row, g.Of(d))
		}
		if !q.OfAttempts() {
			row = append(row, count(g.Generations))
		}
		row = append(row, count(g.Attempts), count(g.Characters), count(g.AudioMS))
		if money.Currency == "" {
			row = append(row, "", "")
		} else {
			row = append(row, money.Amount(), money.Currency)
		}
		row = append(row, count(g.Unpriced), count(g.Estimated))
		if !q.OfAttempts() {
			row = append(row, count(g.Spoken), count(g.Refused))
		}
		rows[i] = row
	}
	return rows
}
