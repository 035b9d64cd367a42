// Command caddy is Caddy with the CloudFront module built in. It is what
// `xcaddy build` makes, for use from a checkout:
//
//	go run ./cmd/caddy run --config Caddyfile.example
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddy-cloudfront/caddy-cloudfront"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func main() {
	caddycmd.Main()
}
