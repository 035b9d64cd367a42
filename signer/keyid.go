package signer

import (
	"errors"
	"fmt"
	"strings"
)

// CheckKeyPairID refuses what can't be a key-pair ID, the ID that CloudFront
// gives to a public key: letters and digits only, such as K2JCJMDEHXQW5F, or
// APKA… for the older keys of an account's root user.
func CheckKeyPairID(id string) error {
	const cure = "write the ID that CloudFront shows beside the public key, such as K2JCJMDEHXQW5F"
	switch {
	case id == "":
		return errors.New("the key-pair ID is empty: " + cure)
	case strings.Contains(id, "-----BEGIN"):
		return errors.New("the key-pair ID holds a PEM key: " + cure + ", and give the key itself as the key")
	case strings.HasPrefix(id, "arn:"):
		return errors.New("the key-pair ID is an ARN: " + cure)
	case len(id) == 36 && strings.Count(id, "-") == 4:
		return errors.New("the key-pair ID looks like the ID of a key group or a KMS key: " + cure)
	case len(id) == 20 && (strings.HasPrefix(id, "AKIA") || strings.HasPrefix(id, "ASIA")):
		return errors.New("the key-pair ID looks like the ID of an IAM access key: " + cure)
	case len(id) > 128:
		return fmt.Errorf("the key-pair ID has %d characters: %s", len(id), cure)
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if c < '0' || c > '9' {
				return errors.New("the key-pair ID holds something else than letters and digits: " + cure)
			}
		}
	}
	return nil
}
