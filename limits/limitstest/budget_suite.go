package limitstest

import "testing"

// RunBudgets runs every case over a fixture of its own, which with provides for as long as body runs.
func RunBudgets(t *testing.T, with func(t *testing.T, body func(t *testing.T, f BudgetFixture))) {
	cases := []struct {
		name string
		body func(t *testing.T, f BudgetFixture)
	}{
		{"what is reserved can't be reserved again", reservedIsTaken},
		{"what was not spent comes back", unspentComesBack},
		{"what was spent beyond the reservation counts in full", overspentCounts},
		{"a refusal takes nothing", budgetRefusalTakesNothing},
		{"nothing begins where nothing is left", nothingLeft},
		{"only the first settlement counts", settledOnce},
		{"a new day has its own budget, within the month's", newDay},
		{"what is spent counts to the day when it was opened", countsToItsDay},
		{"tenants and currencies are apart", budgetsApart},
		{"without a budget nothing is refused, and all is counted", withoutBudget},
		{"a price is set aside whole, or not at all", priceIsWhole},
		{"of many prices at once all that fit are set aside", manyPrices},
		{"a refusal says what is left and when it is anew", refusalTellsLeft},
		{"what is being spent is set aside whatever is left", extendedPasses},
		{"a price asked for again is the same one", priceAskedAgain},
		{"what was spent of another currency counts once that has a budget", otherCurrencyCounts},
		{"a cancelled context takes nothing away", cancelledOpens},
		{"a reservation outlives its lease while it is renewed", renewedHolds},
		{"many at once spend no more than there is", manySpend},
		{"a balance says what was spent, set aside and left", balanceTells},
		{"a key, its tenant and a provider are apart", ownersApart},
		{"of a key's and its tenant's budget both hold", bothHold},
		{"what one of two has refused takes nothing at the other", refusedTakesNothing},
		{"what one of two had set aside before a refusal is used the next time", surplusIsUsed},
		{"what is spent is charged to each owner", chargedToEach},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { with(t, c.body) })
	}
}
