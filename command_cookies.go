package cloudfront

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

func cookiesCommand() *cobra.Command {
	var (
		from   signerFlags
		at     moment
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "cookies [<flags>] [<resource>...]",
		Short: "Makes signed cookies",
		Long: `Makes the signed cookies that open a resource, which is a URL or a pattern with
one * at its end, and prints them as the value of a Cookie header: one line for
each resource. Without arguments, the resources are those of the config's signer.`,
		Example: `  curl -H "Cookie: $(caddy cloudfront cookies --key-file cloudfront.pem \
      --key-pair-id K2JCJMDEHXQW5F 'https://cdn.example.com/private/*')" \
      https://cdn.example.com/private/a.jpg
  caddy cloudfront cookies --config /etc/caddy/Caddyfile --signer media --json`,
	}
	from.add(cmd)
	at.flag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")

	return run(cmd, func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 && from.config == "" {
			return errors.New("the resource is missing; write one such as 'https://cdn.example.com/private/*'")
		}
		if len(args) > 0 {
			from.resources = args
		}
		issuer, err := from.issuer(signer.ScopeResource, nil)
		if err != nil {
			return err
		}
		sets, err := issuer.CookieSets(at.now())
		if err != nil {
			return err
		}
		for _, set := range sets {
			if err := printCookies(cmd, set, asJSON); err != nil {
				return err
			}
		}
		return nil
	})
}

// cookiesResult is a line of `caddy cloudfront cookies --json`.
type cookiesResult struct {
	Resource string            `json:"resource"`
	Expires  string            `json:"expires"`
	Policy   json.RawMessage   `json:"policy"`
	Cookies  map[string]string `json:"cookies"`
}

func printCookies(cmd *cobra.Command, set signer.CookieSet, asJSON bool) error {
	values := make(map[string]string, len(set.Cookies))
	pairs := make([]string, len(set.Cookies))
	for i, c := range set.Cookies {
		values[c.Name] = c.Value
		pairs[i] = c.Name + "=" + c.Value
	}
	if !asJSON {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.Join(pairs, "; "))
		return err
	}
	return printJSON(cmd, cookiesResult{
		Resource: set.Resource.Pattern.String(),
		Expires:  time.Unix(set.Policy.Expires, 0).UTC().Format(time.RFC3339),
		Policy:   set.Policy.Append(nil),
		Cookies:  values,
	})
}
