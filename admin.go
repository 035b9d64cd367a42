package cloudfront

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

// adminSigners serves GET /cloudfront/signers: public facts about the named
// signers, nothing that would let anyone sign, and figures of the cache.
type adminSigners struct{}

// CaddyModule returns the Caddy module information.
func (adminSigners) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "admin.api.cloudfront",
		New: func() caddy.Module { return new(adminSigners) },
	}
}

// Routes returns the route.
func (a adminSigners) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{
		Pattern: "/cloudfront/signers",
		Handler: caddy.AdminHandlerFunc(a.serve),
	}}
}

// signerFacts is what is public about a signer.
type signerFacts struct {
	Name      string      `json:"name"`
	KeyPairID string      `json:"key_pair_id"`
	Hash      signer.Hash `json:"hash,omitempty"`
	PublicKey string      `json:"public_key,omitempty"`
	Previous  []string    `json:"previous,omitempty"`
	Resources []string    `json:"resources,omitempty"`
}

// cacheFacts are the figures of the signature cache, in the order of
// [signer.CacheStats].
type cacheFacts struct {
	Entries int    `json:"entries"`
	Bytes   uint64 `json:"bytes"`
	Hits    uint64 `json:"hits"`
	Misses  uint64 `json:"misses"`
	Made    uint64 `json:"made"`
	Kept    uint64 `json:"kept"`
}

func (adminSigners) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("method not allowed")}
	}
	answer := struct {
		Signers []signerFacts `json:"signers"`
		Cache   cacheFacts    `json:"cache"`
	}{Signers: []signerFacts{}}
	running, err := caddy.ActiveContext().AppIfConfigured("cloudfront")
	if err == nil {
		app := running.(*App)
		for _, name := range slices.Sorted(maps.Keys(app.Signers)) {
			facts, err := app.facts(name)
			if err != nil {
				return caddy.APIError{HTTPStatus: http.StatusInternalServerError, Err: err}
			}
			answer.Signers = append(answer.Signers, facts)
		}
		answer.Cache = cacheFacts(app.cache.Stats())
	} else if !errors.Is(err, caddy.ErrNotConfigured) {
		return caddy.APIError{HTTPStatus: http.StatusInternalServerError, Err: err}
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(answer)
}

func (app *App) facts(name string) (signerFacts, error) {
	config := app.keys[name]
	key, err := config.get()
	if err != nil {
		return signerFacts{}, err
	}
	public, err := signer.MarshalPublicKey(key.Public())
	if err != nil {
		return signerFacts{}, err
	}
	return signerFacts{
		Name:      name,
		KeyPairID: key.ID(),
		Hash:      key.Hash(),
		PublicKey: string(public),
		Previous:  slices.Sorted(maps.Keys(config.previous)),
		Resources: app.Signers[name].Resources,
	}, nil
}

// Interface guards
var _ caddy.AdminRouter = (*adminSigners)(nil)
