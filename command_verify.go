package cloudfront

import (
	"crypto"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

func verifyCommand() *cobra.Command {
	var (
		from   signerFlags
		at     moment
		keys   []string
		ip     string
		cookie string
		hosts  []string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "verify [<flags>] <url>|-",
		Short: "Says whether CloudFront would accept a URL, and if not, why",
		Long: `Judges a signed URL, or a URL with signed cookies, as the CloudFront edge does,
and prints "ok", or the code of CloudFront's answer. If it would refuse, the
reason and what to do about it are printed on the standard error, and the exit
code is 3.

The public keys are given as ID=FILE, as CloudFront knows them; several make a
key group. FILE alone trusts the key under whatever ID the URL has. With a
config, the keys are those of its signer, the previous ones too.

With -, the URL is read from the standard input.`,
		Example: `  caddy cloudfront verify --public-key K2JCJMDEHXQW5F=cloudfront.pub.pem 'https://…'
  caddy cloudfront verify --config /etc/caddy/Caddyfile --alias d111111abcdef8.cloudfront.net 'https://…'
  caddy cloudfront verify --public-key cloudfront.pub.pem --at 2026-01-31T18:00:00Z --ip 192.0.2.7 'https://…'
  caddy cloudfront verify --public-key cloudfront.pub.pem --cookie "$COOKIES" https://cdn.example.com/private/a.jpg`,
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&keys, "public-key", nil, "a public key that is trusted, as ID=FILE or FILE; may be repeated")
	from.addConfig(cmd)
	at.flag(cmd)
	flags.StringVar(&ip, "ip", "", "the viewer's address, for policies that ask for one")
	flags.StringVar(&cookie, "cookie", "", "the value of the Cookie header, or - for the standard input")
	flags.StringArrayVar(&hosts, "alias", nil, "another name of the distribution, for which the URL may have been signed; may be repeated")
	flags.BoolVar(&asJSON, "json", false, "print a JSON object")

	return run(cmd, func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("write one URL, in quotes, or - to read it from the standard input")
		}
		if args[0] == "-" && cookie == "-" {
			return errors.New("only one of the URL and the cookies can come from the standard input")
		}
		raw, err := readAll(cmd, args[0])
		if err != nil {
			return err
		}
		req, remarks, err := viewerURL(raw)
		if err != nil {
			return err
		}
		req.Now = at.now()
		if cookie != "" {
			text, err := readAll(cmd, cookie)
			if err != nil {
				return err
			}
			if req.Cookies = cloudfrontCookies(text); len(req.Cookies) == 0 {
				return errors.New("--cookie: there is no CloudFront cookie in it")
			}
		}
		if ip != "" {
			if req.IP, err = netip.ParseAddr(ip); err != nil {
				return fmt.Errorf("--ip %s: write an address such as 192.0.2.7", ip)
			}
		}
		verifier, err := from.verifier(keys, req)
		if err != nil {
			return err
		}
		result := verifier.Verify(req)
		verdict := newVerdict(result)
		if result.Code == signer.Allowed && len(remarks) > 0 {
			// What a browser sends has no signature at all.
			verdict.Code, result.Code = string(signer.MissingKey), signer.MissingKey
		} else if result.Code != signer.Allowed {
			remarks = append(remarks, result.Why)
			remarks = append(remarks, verifier.Explain(req, hosts...)...)
		}
		verdict.Why = append(verdict.Why, remarks...)
		if asJSON {
			err = printJSON(cmd, verdict)
		} else {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), verdict.Code)
			for _, why := range remarks {
				say(cmd, "%s", why)
			}
		}
		if err == nil && result.Code != signer.Allowed {
			return errNo
		}
		return err
	})
}

// verdict is what `caddy cloudfront verify --json` prints.
type verdict struct {
	Code      string   `json:"code"` // ok, or CloudFront's
	Why       []string `json:"why,omitempty"`
	URL       string   `json:"url"`
	Source    string   `json:"source,omitempty"`
	KeyPairID string   `json:"key_pair_id,omitempty"`
	Resource  string   `json:"resource,omitempty"`
	Expires   string   `json:"expires,omitempty"`
}

func newVerdict(res signer.Result) verdict {
	v := verdict{
		Code:      "ok",
		URL:       res.URL,
		Source:    res.Source,
		KeyPairID: res.KeyPairID,
		Resource:  res.Policy.Resource,
		Expires:   timestamp(res.Policy.Expires),
	}
	if res.Code != signer.Allowed {
		v.Code = string(res.Code)
	}
	return v
}

// verifier trusts the keys of the flags --public-key and --config.
func (f *signerFlags) verifier(given []string, req signer.ViewerRequest) (*signer.Verifier, error) {
	keys := make(map[string]crypto.PublicKey)
	for _, value := range given {
		id, path, ok := strings.Cut(value, "=")
		if !ok {
			path = value
			if id = keyPairIDOf(req); id == "" {
				continue // and so the request is refused in any case
			}
		} else if err := signer.CheckKeyPairID(id); err != nil {
			return nil, fmt.Errorf("--public-key %s: %w", value, err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("--public-key: %w", err)
		}
		if keys[id], err = signer.ParsePublicKey(data); err != nil {
			return nil, fmt.Errorf("--public-key %s: %w", path, err)
		}
	}
	if f.config != "" {
		site, err := f.load()
		if err != nil {
			return nil, err
		}
		key, err := site.key.get()
		if err != nil {
			return nil, err
		}
		keys[key.ID()] = key.Public()
		for id, previous := range site.key.previous {
			keys[id] = previous
		}
	}
	if len(given) == 0 && f.config == "" {
		return nil, errors.New("the public key is missing; write --public-key ID=FILE, or --config")
	}
	return &signer.Verifier{Keys: keys}, nil
}

// keyPairIDOf is the ID that the request gives, after simple mistakes are undone.
func keyPairIDOf(req signer.ViewerRequest) string {
	found, _ := signer.Inspect(req)
	return found.KeyPairID
}
