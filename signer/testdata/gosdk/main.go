// Command gosdk signs each case of the JSON list on standard input with AWS's
// Go signer and prints the list of results. It is a module of its own, so that
// the SDK is no dependency of the project.
package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/cloudfront/sign"
)

type signCase struct {
	Key, KeyPairID, URL, Policy, IP string
	Expires, Starts                 int64
	Cookies                         bool
}

type result struct {
	URL     string            `json:"url,omitempty"`
	Cookies map[string]string `json:"cookies,omitempty"`
}

func main() {
	log.SetFlags(0)
	var cases []signCase
	check(json.NewDecoder(os.Stdin).Decode(&cases))
	results := make([]result, len(cases))
	for i, c := range cases {
		results[i] = c.sign()
	}
	check(json.NewEncoder(os.Stdout).Encode(results))
}

func (c signCase) sign() result {
	data, err := os.ReadFile(c.Key)
	check(err)
	key, err := sign.LoadPEMPrivKeyPKCS8AsSigner(bytes.NewReader(data))
	check(err)

	if c.Cookies {
		signer := sign.NewCookieSigner(c.KeyPairID, key.(*rsa.PrivateKey))
		cookies, err := signer.SignWithPolicy(c.policy())
		check(err)
		r := result{Cookies: make(map[string]string)}
		for _, cookie := range cookies {
			r.Cookies[cookie.Name] = cookie.Value
		}
		return r
	}
	signer := sign.NewURLSigner(c.KeyPairID, key)
	var signed string
	if c.Policy == "" && c.Starts == 0 && c.IP == "" {
		signed, err = signer.Sign(c.URL, time.Unix(c.Expires, 0))
	} else {
		signed, err = signer.SignWithPolicy(c.URL, c.policy())
	}
	check(err)
	return result{URL: signed}
}

func (c signCase) policy() *sign.Policy {
	p := new(sign.Policy)
	if c.Policy != "" {
		check(json.Unmarshal([]byte(c.Policy), p))
		return p
	}
	p = sign.NewCannedPolicy(c.URL, time.Unix(c.Expires, 0))
	condition := &p.Statements[0].Condition
	if c.Starts != 0 {
		condition.DateGreaterThan = sign.NewAWSEpochTime(time.Unix(c.Starts, 0))
	}
	if c.IP != "" {
		condition.IPAddress = &sign.IPAddress{SourceIP: c.IP}
	}
	return p
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
