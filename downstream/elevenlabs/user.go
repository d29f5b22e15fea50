package elevenlabs

import (
	"net/http"

	"voicerelay/access"
	"voicerelay/relay"
)

// subscription says that there is one. What a key may still spend is in the relay's own reports. The fields are those without which
// the vendor's SDK for JavaScript takes no answer.
type subscription struct {
	Tier                                  string `json:"tier"`
	Status                                string `json:"status"`
	CharacterCount                        int    `json:"character_count"`
	CharacterLimit                        int    `json:"character_limit"`
	MaxCreditLimitExtension               int    `json:"max_credit_limit_extension"`
	CanExtendCharacterLimit               bool   `json:"can_extend_character_limit"`
	AllowedToExtendCharacterLimit         bool   `json:"allowed_to_extend_character_limit"`
	VoiceSlotsUsed                        int    `json:"voice_slots_used"`
	ProfessionalVoiceSlotsUsed            int    `json:"professional_voice_slots_used"`
	ProfessionalVoiceSlotsUsedInWorkspace int    `json:"professional_voice_slots_used_in_workspace"`
	VoiceLimit                            int    `json:"voice_limit"`
	VoiceAddEditCounter                   int    `json:"voice_add_edit_counter"`
	ProfessionalVoiceLimit                int    `json:"professional_voice_limit"`
	CanExtendVoiceLimit                   bool   `json:"can_extend_voice_limit"`
	CanUseInstantVoiceCloning             bool   `json:"can_use_instant_voice_cloning"`
	CanUseProfessionalVoiceCloning        bool   `json:"can_use_professional_voice_cloning"`
	CurrentOverage                        price  `json:"current_overage"`
	OpenInvoices                          []int  `json:"open_invoices"` // none
	HasOpenInvoices                       bool   `json:"has_open_invoices"`
}

type price struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// user is whom a key belongs to.
type user struct {
	UserID                         string       `json:"user_id"`
	WorkspaceID                    string       `json:"workspace_id"`
	Subscription                   subscription `json:"subscription"`
	IsNewUser                      bool         `json:"is_new_user"`
	CanUseDelayedPaymentMethods    bool         `json:"can_use_delayed_payment_methods"`
	IsOnboardingCompleted          bool         `json:"is_onboarding_completed"`
	IsOnboardingChecklistCompleted bool         `json:"is_onboarding_checklist_completed"`
	CreatedAt                      int          `json:"created_at"`
	SeatType                       string       `json:"seat_type"`
}

// active is the subscription of every key.
func active() subscription {
	return subscription{Tier: "relay", Status: "active", CurrentOverage: price{Amount: "0", Currency: "usd"}, OpenInvoices: []int{}}
}

// showUser says whom a key belongs to: its tenant.
func (srv *host) showUser(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.answer(w, r, key, func(*relay.Terms) any {
		return user{
			UserID: key.Tenant, WorkspaceID: key.Tenant, Subscription: active(),
			IsOnboardingCompleted: true, IsOnboardingChecklistCompleted: true, SeatType: "workspace_member",
		}
	})
}

// showSubscription says that a key may be used.
func (srv *host) showSubscription(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.answer(w, r, key, func(*relay.Terms) any { return active() })
}
