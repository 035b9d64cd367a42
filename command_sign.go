package cloudfront

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

func signCommand() *cobra.Command {
	var (
		from   signerFlags
		at     moment
		scope  string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "sign [<flags>] <url>...|-",
		Short: "Signs URLs",
		Long: `Signs URLs and prints one a line, in the order given. Without arguments, or
with -, the URLs are read from the standard input, one a line.

URLs are signed in the form in which browsers send them. With a config, the
signer's own options apply: its resources say what may be signed, and the links
are those that the site gives out. Flags replace single options.

A URL that is not signed is left out, and the reason is printed on the standard
error; the exit code is then 3.`,
		Example: `  caddy cloudfront sign --key-file cloudfront.pem --key-pair-id K2JCJMDEHXQW5F \
      https://cdn.example.com/private/a.jpg
  caddy cloudfront sign --config /etc/caddy/Caddyfile --signer media --ttl 7d - < urls.txt
  caddy cloudfront sign … --scope resource --resource 'https://cdn.example.com/hls/*' \
      https://cdn.example.com/hls/1/main.m3u8`,
	}
	from.add(cmd)
	at.flag(cmd)
	cmd.Flags().StringVar(&scope, "scope", string(signer.ScopeLink), "what a signature opens: link, directory or resource")
	cmd.Flags().StringArrayVar(&from.resources, "resource", nil, "sign nothing outside of this pattern; may be repeated (default: the signer's, or the URLs' hosts)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")

	return run(cmd, func(cmd *cobra.Command, args []string) error {
		urls, err := arguments(cmd, args)
		if err != nil {
			return err
		}
		if len(urls) == 0 {
			return errors.New("there is no URL to sign")
		}
		opens, err := parseScope(scope)
		if err != nil {
			return fmt.Errorf("--%w", err)
		}
		if opens == signer.ScopeResource && from.config == "" && from.resources == nil {
			return errors.New("--scope resource: say what to open, such as --resource 'https://cdn.example.com/private/*'")
		}
		issuer, err := from.issuer(opens, urls)
		if err != nil {
			return err
		}
		now := at.now()
		all := true
		for _, url := range urls {
			signed, no := signedURL([]*signer.Issuer{issuer}, url, now)
			if no != reasonNone {
				all = false
				say(cmd, "not signed: %s: %s", url, inWords(signer.Reason(no)))
			}
			switch {
			case asJSON:
				result := signResult{URL: url, Signed: signed, Reason: string(no)}
				if no == reasonNone {
					result.Expires = time.Unix(issuer.Expires(now), 0).UTC().Format(time.RFC3339)
				}
				err = printJSON(cmd, result)
			case no == reasonNone:
				_, err = fmt.Fprintln(cmd.OutOrStdout(), signed)
			}
			if err != nil {
				return err
			}
		}
		if !all {
			return errNo
		}
		return nil
	})
}

// signResult is a line of `caddy cloudfront sign --json`.
type signResult struct {
	URL     string `json:"url"`
	Signed  string `json:"signed,omitempty"`
	Expires string `json:"expires,omitempty"` // not before
	Reason  string `json:"reason,omitempty"`
}

// inWords explains to whoever holds the key why a URL is not signed.
func inWords(why signer.Reason) string {
	switch why {
	case signer.Unsafe:
		return "it is no absolute http or https URL that browsers and CloudFront understand alike"
	case signer.Outside:
		return "no resource holds it; give it a --resource, or correct the signer's"
	case signer.Excepted:
		return "the signer's except takes it out of its resources"
	case signer.Asterisk:
		return "it holds a '*', which a policy takes for any characters; write %2A if the file's name has one"
	case signer.Traversal:
		return "its path, decoded, holds a dot segment, a backslash or a control character"
	case signer.ForeignSignature:
		return "it is signed already, by another key or under stricter conditions; take that signature off first"
	case signer.Reserved:
		return "its query holds a name that CloudFront reserves for signatures (Expires, Policy, Signature, Key-Pair-Id, Hash-Algorithm)"
	case signer.Wildcard:
		return "the resource that holds it can't be opened as a whole, because of its wildcards or of except; use --scope link"
	case signer.TooLong:
		return "it would be longer than CloudFront accepts, 8192 bytes"
	}
	return string(why)
}
