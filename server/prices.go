package server

import (
	"context"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/server/answer"
)

// priceList is a price list as operators see it.
type priceList struct {
	// Hash is what records have as price_list; null: the list is empty, and so are they.
	Hash   *string         `json:"price_list"`
	Prices []billing.Price `json:"prices"`
}

// pricesPatience bounds the search for a list.
const pricesPatience = 5 * time.Second

// showPrices answers GET /v1/prices, for admins: the price list that is in force.
func (srv *Server) showPrices(w http.ResponseWriter, r *http.Request, key *access.Key) {
	if _, refused := downstream.Parameters(r.URL.RawQuery); refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	writePrices(w, srv.setup.Load().Prices())
}

// findPrices answers GET /v1/prices/{list}, for admins: the list that records name so.
func (srv *Server) findPrices(w http.ResponseWriter, r *http.Request, key *access.Key) {
	if _, refused := downstream.Parameters(r.URL.RawQuery); refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	list, err := srv.pricesOf(r.Context(), r.PathValue("list"))
	switch {
	case err != nil:
		srv.log.Warn().Err(err).Msg("price list not read")
		srv.Refuse(w, r, key, &protocol.Error{Code: protocol.CodeLedgerUnavailable, Message: "price lists can't be read now"})
	case list == nil:
		refused := downstream.Invalid("list", "no record of this relay, or of those it shares a Redis with, names this price list")
		refused.Status = http.StatusNotFound
		srv.Refuse(w, r, key, refused)
	default:
		writePrices(w, list)
	}
}

// pricesOf is the list of a hash; nil: nobody knows it. The one in force may have no record yet.
func (srv *Server) pricesOf(ctx context.Context, hash string) (*billing.PriceList, error) {
	if list := srv.setup.Load().Prices(); list != nil && list.Hash() == hash {
		return list, nil
	}
	if srv.lists == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pricesPatience)
	defer cancel()
	return srv.lists.PriceList(ctx, hash)
}

func writePrices(w http.ResponseWriter, list *billing.PriceList) {
	told := priceList{Prices: []billing.Price{}}
	if list != nil {
		told.Hash = downstream.Optional(list.Hash())
		told.Prices = append(told.Prices, list.Prices()...)
	}
	answer.JSON(w, http.StatusOK, told)
}
