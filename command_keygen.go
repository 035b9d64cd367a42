package cloudfront

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-cloudfront/caddy-cloudfront/signer"
)

func keygenCommand() *cobra.Command {
	var (
		kind, name string
		asJSON     bool
	)
	cmd := &cobra.Command{
		Use:   "keygen [<flags>]",
		Short: "Makes a key pair, and says how to make CloudFront know it",
		Long: `Makes a key pair and writes the private key to <out>.pem, which only you can
read, and the public key to <out>.pub.pem, as CloudFront takes it. Files that are
there already are never overwritten.

The commands of the AWS CLI that upload the public key, put it into a key group
and make a distribution ask for signatures are printed on the standard output.

ECDSA signatures are shorter and far quicker to make; RSA is for tools that know
nothing else.`,
		Example: `  caddy cloudfront keygen
  caddy cloudfront keygen --type rsa --out /etc/caddy/cloudfront`,
	}
	flags := cmd.Flags()
	flags.StringVar(&kind, "type", "ec", "the kind of key: ec (ECDSA on P-256) or rsa (2048 bits)")
	flags.StringVarP(&name, "out", "o", "cloudfront", "where to write the keys: <out>.pem and <out>.pub.pem")
	flags.BoolVar(&asJSON, "json", false, "print a JSON object")

	return run(cmd, func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("takes no argument, and %q is one; the file's name is written --out %s", args[0], args[0])
		}
		private, err := generateKey(kind)
		if err != nil {
			return err
		}
		pair := keyPair{
			PrivateKeyFile: strings.TrimSuffix(name, ".pem") + ".pem",
			PublicKeyFile:  strings.TrimSuffix(name, ".pem") + ".pub.pem",
		}
		if err := pair.write(private); err != nil {
			return err
		}
		pair.Commands = awsCommands(keyName(name), pair.PublicKey)
		if asJSON {
			return printJSON(cmd, pair)
		}
		say(cmd, "wrote the private key to %s, for the Caddyfile's key_file; keep it secret", pair.PrivateKeyFile)
		say(cmd, "wrote the public key to %s", pair.PublicKeyFile)
		say(cmd, "now make CloudFront know it, in the console or with these commands:")
		_, err = fmt.Fprint(cmd.OutOrStdout(), pair.Commands)
		return err
	})
}

// keyPair is what `caddy cloudfront keygen --json` prints.
type keyPair struct {
	PrivateKeyFile string `json:"private_key_file"`
	PublicKeyFile  string `json:"public_key_file"`
	PublicKey      string `json:"public_key"`
	Commands       string `json:"commands"`
}

func generateKey(kind string) (crypto.Signer, error) {
	switch kind {
	case "ec":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "rsa":
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("--type %s: is not known; write ec or rsa", kind)
}

// write writes both files, or neither.
func (p *keyPair) write(private crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	public, err := signer.MarshalPublicKey(private.Public())
	if err != nil {
		return err
	}
	p.PublicKey = string(public)
	privatePEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := writeNew(p.PrivateKeyFile, privatePEM, 0o600); err != nil {
		return err
	}
	if err := writeNew(p.PublicKeyFile, public, 0o644); err != nil {
		return errors.Join(err, os.Remove(p.PrivateKeyFile))
	}
	return nil
}

// writeNew writes a file that is not there yet.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and a key is never overwritten; choose another name with --out", path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// notInName are the characters that CloudFront does not take in a key's name.
var notInName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func keyName(path string) string {
	return notInName.ReplaceAllString(strings.TrimSuffix(filepath.Base(path), ".pem"), "-")
}

// awsCommands are the commands of the AWS CLI that make CloudFront ask for
// signatures of the key. https://docs.aws.amazon.com/cli/latest/reference/cloudfront/
func awsCommands(name, publicKey string) string {
	config, err := json.Marshal(map[string]string{"CallerReference": name, "Name": name, "EncodedKey": publicKey})
	if err != nil {
		panic(err) // strings can always be marshalled
	}
	return fmt.Sprintf(`# 1. Upload the public key. Its ID is the key_pair_id of the Caddyfile.
key_pair_id=$(aws cloudfront create-public-key --query PublicKey.Id --output text \
  --public-key-config '%[2]s')
echo "key_pair_id $key_pair_id"

# 2. Put it into a key group.
key_group=$(aws cloudfront create-key-group --query KeyGroup.Id --output text \
  --key-group-config "Name=%[1]s,Items=$key_pair_id")

# 3. Make the distribution ask for signatures, here in its default behavior. From
#    then on, what is not signed is refused. (This needs jq.)
distribution=E1234567890ABC
aws cloudfront get-distribution-config --id "$distribution" > distribution.json
jq --arg group "$key_group" '.DistributionConfig
  | .DefaultCacheBehavior.TrustedKeyGroups = {Enabled: true, Quantity: 1, Items: [$group]}' \
  distribution.json > changed.json
aws cloudfront update-distribution --id "$distribution" \
  --if-match "$(jq -r .ETag distribution.json)" --distribution-config file://changed.json
`, name, config)
}
