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
// signers, and nothing that would let anyone sign.
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

func (adminSigners) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("method not allowed")}
	}
	all := []signerFacts{}
	if app := running.Load(); app != nil {
		for _, name := range slices.Sorted(maps.Keys(app.Signers)) {
			facts, err := app.facts(name)
			if err != nil {
				return caddy.APIError{HTTPStatus: http.StatusInternalServerError, Err: err}
			}
			all = append(all, facts)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(all)
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
