package cloudfront

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

func inspectCommand() *cobra.Command {
	var (
		at     moment
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "inspect [<flags>] <url>|<cookie header>|-",
		Short: "Shows what a signed URL or a set of signed cookies opens",
		Long: `Takes a signed URL or signed cookies apart: the policy, the key, the hash, the
times in the local time zone and how far away they are, and what is odd. No key
is needed, so whether the signature is right remains open: see verify.

With -, the URL or the value of the Cookie header is read from the standard
input. The exit code is 3 if there is no signature.`,
		Example: `  caddy cloudfront inspect 'https://cdn.example.com/private/a.jpg?Expires=…&Signature=…'
  pbpaste | caddy cloudfront inspect -
  caddy cloudfront inspect 'CloudFront-Policy=…; CloudFront-Signature=…; CloudFront-Key-Pair-Id=…'`,
	}
	at.flag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")

	return run(cmd, func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("write one URL or one Cookie header, in quotes, or - to read it from the standard input")
		}
		text, err := readAll(cmd, args[0])
		if err != nil {
			return err
		}
		now := at.now()
		req, remarks, err := parseViewer(text)
		if err != nil {
			return err
		}
		req.Now = now
		found, ok := signer.Inspect(req)
		found.Odd = append(remarks, found.Odd...)
		if !ok {
			for _, remark := range remarks {
				say(cmd, "%s", remark)
			}
			say(cmd, "there is no signature: none of %s", strings.Join(signer.Params, ", "))
			return errNo
		}
		if asJSON {
			return printJSON(cmd, newInspection(found))
		}
		return printInspection(cmd, found, now)
	})
}

// inspection is what `caddy cloudfront inspect --json` prints.
type inspection struct {
	URL       string          `json:"url,omitempty"`
	Source    string          `json:"source"`
	KeyPairID string          `json:"key_pair_id"`
	Hash      string          `json:"hash"`
	Canned    bool            `json:"canned"`
	Policy    json.RawMessage `json:"policy,omitempty"`
	Resource  string          `json:"resource,omitempty"`
	Starts    string          `json:"starts,omitempty"`
	Expires   string          `json:"expires,omitempty"`
	IP        string          `json:"ip,omitempty"`
	Odd       []string        `json:"odd"`
}

func newInspection(found signer.Credentials) inspection {
	in := inspection{
		Source:    found.Source,
		KeyPairID: found.KeyPairID,
		Hash:      hashName(found.Hash),
		Canned:    found.Canned,
		Resource:  found.Policy.Resource,
		Starts:    timestamp(found.Policy.Starts),
		Expires:   timestamp(found.Policy.Expires),
		Odd:       append([]string{}, found.Odd...),
	}
	if found.Source == signer.FromURL {
		in.URL = found.URL
	}
	if json.Valid(found.Document) {
		in.Policy = found.Document
	}
	if found.Policy.IP.IsValid() {
		in.IP = found.Policy.IP.String()
	}
	return in
}

func timestamp(epoch int64) string {
	if epoch == 0 {
		return ""
	}
	return time.Unix(epoch, 0).UTC().Format(time.RFC3339)
}

func hashName(given string) string {
	if given == "" {
		return "SHA1"
	}
	return given
}

func printInspection(cmd *cobra.Command, found signer.Credentials, now time.Time) error {
	var b bytes.Buffer
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-13s", name)
		fmt.Fprintf(&b, format+"\n", args...)
	}
	if found.Source == signer.FromURL {
		line("URL", "%s", found.URL)
	}
	line("Key-pair ID", "%s", found.KeyPairID)
	hash := hashName(found.Hash)
	if found.Hash == "" {
		hash += " (the default)"
	}
	line("Hash", "%s", hash)
	if found.Signature != nil {
		line("Signature", "%s", kindOf(found.Signature))
	}
	if p := found.Policy; p.Expires != 0 {
		line("Opens", "%s", p.Resource)
		if p.Starts != 0 {
			line("From", "%s", when(p.Starts, now))
		}
		line("Until", "%s", when(p.Expires, now))
		if p.IP.IsValid() {
			line("For", "viewers in %s", p.IP)
		}
	}
	if found.Document != nil {
		kind := "custom, as sent"
		if found.Canned {
			kind = "canned: not sent, CloudFront builds it from the URL and Expires"
		}
		line("Policy", "%s", kind)
		var pretty bytes.Buffer
		if json.Indent(&pretty, found.Document, "", "  ") != nil {
			pretty.Reset()
			fmt.Fprintf(&pretty, "%q", found.Document)
		}
		b.Write(pretty.Bytes())
		b.WriteByte('\n')
	}
	for _, odd := range found.Odd {
		line("Odd", "%s", odd)
	}
	_, err := cmd.OutOrStdout().Write(b.Bytes())
	return err
}

// kindOf tells what made a signature, by its form.
func kindOf(signature []byte) string {
	switch n := len(signature); {
	case n == 256:
		return "256 bytes, as of RSA-2048"
	case signature[0] == 0x30 && n <= 72:
		return fmt.Sprintf("%d bytes, as of ECDSA on P-256", n)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}
