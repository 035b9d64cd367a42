package signer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"unicode/utf8"
)

// parseEpoch reads a bare decimal integer of Unix seconds: no sign, no leading
// zero, no fraction, no exponent.
func parseEpoch(s string) (int64, error) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, fmt.Errorf("%q is not a whole number of Unix seconds", clip(s))
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case s == "":
		return 0, errors.New("it is empty")
	case len(s) > 1 && s[0] == '0':
		return 0, fmt.Errorf("%q has a leading zero", clip(s))
	case err != nil || n > maxEpoch:
		return 0, fmt.Errorf("%s lies after the year 2262: write seconds, not milliseconds", clip(s))
	}
	return n, nil
}

// parsePolicy reads a custom policy document as strictly as AWS describes it:
// exactly one statement in an array, no member but the documented ones, none
// of them twice. White space between tokens and the order of members are free.
func parsePolicy(doc []byte) (Policy, error) {
	if !utf8.Valid(doc) {
		return Policy{}, errors.New("it is not UTF-8")
	}
	if !json.Valid(doc) {
		return Policy{}, errors.New("it is not JSON")
	}
	r := policyReader{json.NewDecoder(bytes.NewReader(doc))}
	r.UseNumber()

	var p Policy
	statements := 0
	err := r.object("the policy", map[string]func() error{
		"Statement": func() error {
			return r.array("Statement", func() error {
				if statements++; statements > 1 {
					return errors.New("it has more than one statement")
				}
				return r.statement(&p)
			})
		},
	}, "Statement")
	if err == nil && statements == 0 {
		err = errors.New("it has no statement")
	}
	return p, err
}

// policyReader walks over the tokens of a document known to be valid JSON.
// It reads tokens, since decoding into a struct would take members whose case
// differs and let the last of two win.
type policyReader struct{ *json.Decoder }

func (r policyReader) statement(p *Policy) error {
	return r.object("the statement", map[string]func() error{
		"Resource": func() (err error) {
			p.Resource, err = r.text("Resource")
			return err
		},
		"Condition": func() error {
			return r.object("Condition", map[string]func() error{
				"DateLessThan":    func() error { return r.epoch("DateLessThan", &p.Expires) },
				"DateGreaterThan": func() error { return r.epoch("DateGreaterThan", &p.Starts) },
				"IpAddress":       func() error { return r.sourceIP(&p.IP) },
			}, "DateLessThan")
		},
	}, "Resource", "Condition")
}

func (r policyReader) epoch(name string, dst *int64) error {
	return r.object(name, map[string]func() error{
		"AWS:EpochTime": func() error {
			token, err := r.Token()
			if err != nil {
				return err
			}
			number, ok := token.(json.Number)
			if !ok {
				return fmt.Errorf("AWS:EpochTime of %s is not a bare number", name)
			}
			if *dst, err = parseEpoch(string(number)); err != nil {
				return fmt.Errorf("AWS:EpochTime of %s: %w", name, err)
			}
			return nil
		},
	}, "AWS:EpochTime")
}

func (r policyReader) sourceIP(dst *netip.Prefix) error {
	return r.object("IpAddress", map[string]func() error{
		"AWS:SourceIp": func() error {
			s, err := r.text("AWS:SourceIp")
			if err != nil {
				return err
			}
			prefix, err := netip.ParsePrefix(s)
			if err != nil || !prefix.Addr().Is4() {
				return fmt.Errorf("AWS:SourceIp %q is not an IPv4 range such as 192.0.2.0/24 or 192.0.2.1/32", clip(s))
			}
			*dst = prefix
			return nil
		},
	}, "AWS:SourceIp")
}

// object reads an object that holds the required members and, at most once
// each, those for which members has a function that reads the value.
func (r policyReader) object(name string, members map[string]func() error, required ...string) error {
	if err := r.delim('{', name, "an object"); err != nil {
		return err
	}
	seen := make(map[string]bool, len(members))
	for r.More() {
		key, err := r.text("a member's name")
		if err != nil {
			return err
		}
		read, ok := members[key]
		switch {
		case !ok:
			return fmt.Errorf("%s has a member %q that CloudFront does not document", name, clip(key))
		case seen[key]:
			return fmt.Errorf("%s has %s twice", name, key)
		}
		seen[key] = true
		if err := read(); err != nil {
			return err
		}
	}
	for _, key := range required {
		if !seen[key] {
			return fmt.Errorf("%s has no %s", name, key)
		}
	}
	return r.delim('}', name, "an object")
}

func (r policyReader) array(name string, element func() error) error {
	if err := r.delim('[', name, "an array"); err != nil {
		return err
	}
	for r.More() {
		if err := element(); err != nil {
			return err
		}
	}
	return r.delim(']', name, "an array")
}

func (r policyReader) delim(want json.Delim, name, kind string) error {
	token, err := r.Token()
	if err == nil && token != want {
		err = fmt.Errorf("%s is not %s", name, kind)
	}
	return err
}

func (r policyReader) text(name string) (string, error) {
	token, err := r.Token()
	if err != nil {
		return "", err
	}
	s, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("%s is not a string", name)
	}
	return s, nil
}

// clip keeps hostile input from filling a log.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
