package refusals

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// Of is the one map from what refuses a generate to what its client is told; nil: it is none of them, but a fault of ours.
func Of(err error) *Error {
	var (
		known     *Error
		duplicate *limits.DuplicateError
		tooMany   *limits.TooManyError
		tooFast   *limits.RateError
		noTarget  *routing.NoTargetError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &duplicate):
		return &Error{Code: CodeDuplicateRequest, Param: "idempotency_key", Message: duplicate.Error(), First: &duplicate.First}
	case errors.As(err, &tooMany):
		return &Error{Code: CodeTooManyGenerations, Message: tooMany.Error(), RetryAfter: tooMany.RetryAfter}
	case errors.As(err, &tooFast):
		return &Error{Code: CodeRateLimitExceeded, Message: tooFast.Error(), RetryAfter: tooFast.RetryAfter}
	case QuotaExceeded(err) != nil:
		return QuotaExceeded(err)
	case errors.Is(err, limits.ErrAway):
		return &Error{Code: CodeLedgerUnavailable, Message: "what the relays share can't be reached, and this key wants nothing without it"}
	case errors.Is(err, routing.ErrUnknownRoute):
		return &Error{Code: CodeUnknownRoute, Param: "route", Message: err.Error()}
	case errors.Is(err, routing.ErrUnknownVoice):
		return &Error{Code: CodeUnknownVoice, Param: "voice", Message: err.Error()}
	case errors.Is(err, routing.ErrRouteMalformed):
		return &Error{Code: CodeInvalidRequest, Param: "route", Message: err.Error()}
	case errors.Is(err, routing.ErrVoiceMalformed):
		return &Error{Code: CodeInvalidRequest, Param: "voice", Message: err.Error()}
	case errors.Is(err, routing.ErrRouteNotAllowed):
		return &Error{Code: CodeNotAllowed, Param: "route", Message: err.Error()}
	case errors.Is(err, routing.ErrVoiceNotAllowed):
		return &Error{Code: CodeNotAllowed, Param: "voice", Message: err.Error()}
	case errors.As(err, &noTarget):
		return &Error{
			Code: CodeNoProviderAvailable, Message: err.Error(), PassedOver: noTarget.PassedOver,
		}
	}
	return nil
}

// NoProvider refuses what no target may speak now.
func NoProvider(passedOver []routing.Omission) *Error {
	return &Error{
		Code:       CodeNoProviderAvailable,
		Message:    "no target can speak now: " + describe(passedOver),
		PassedOver: passedOver,
	}
}

// Unaffordable refuses what the tenant's budget can pay for at no target, which only another configuration changes.
func Unaffordable(plan *routing.Plan, currency string) *Error {
	return &Error{
		Code:  CodeNotAllowed,
		Param: "route",
		Message: fmt.Sprintf("the budget is in %s and excludes every target of route %q: %s",
			currency, plan.Route, describe(plan.PassedOver)),
		PassedOver: plan.PassedOver,
	}
}

// describe says for a person which targets are passed over, and why.
func describe(passedOver []routing.Omission) string {
	parts := make([]string, len(passedOver))
	for i, o := range passedOver {
		parts[i] = fmt.Sprintf("%s (%s)", o.Target, o.Why)
	}
	return strings.Join(parts, ", ")
}

// UpstreamFailure is what a client is told when no target has spoken the text.
func UpstreamFailure(failures []error, passedOver []routing.Omission) *Error {
	rejected := 0
	for _, err := range failures {
		if upstream.KindOf(err) == upstream.Rejected {
			rejected++
		}
	}
	if rejected == len(failures) {
		return &Error{Code: CodeUpstreamRejected, Message: "every target refused this request as invalid"}
	}
	last := upstream.Policies[upstream.KindOf(failures[len(failures)-1])]
	if last.Timeout {
		return &Error{Code: CodeUpstreamTimeout, Message: "every target was tried, and the last took too long"}
	}
	message := "every target was tried"
	if len(passedOver) > 0 {
		message = "every target was tried but those passed over: " + describe(passedOver)
	}
	return &Error{Code: CodeUpstreamFailed, Message: message, PassedOver: passedOver}
}

// QuotaExceeded is what a client is told of a budget that has too little left; nil: the error is none of that.
func QuotaExceeded(err error) *Error {
	var spent *limits.BudgetError
	if !errors.As(err, &spent) {
		return nil
	}
	return &Error{
		Code: CodeQuotaExceeded,
		Message: fmt.Sprintf("the %s's budget for the %s has %s of %s left, which is too little, and begins anew at %s",
			spent.Owner.Scope(), spent.Period, amountOf(spent.Left, spent.Currency), amountOf(spent.Most, spent.Currency), spent.Anew.Format(time.RFC3339)),
		RetryAfter: spent.RetryAfter,
	}
}

// amountOf is an amount as people read it.
func amountOf(micros int64, currency string) string {
	return strings.TrimSpace(billing.Money{Micros: micros, Currency: currency}.Amount() + " " + currency)
}
