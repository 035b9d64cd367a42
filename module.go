// Package cloudfront gives authenticated visitors of a Caddy site access to
// private Amazon CloudFront content.
package cloudfront

import (
	_ "github.com/andybalholm/brotli"
	_ "github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/caddytest"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/maypok86/otter/v2"
	_ "github.com/prometheus/client_golang/prometheus"
	_ "github.com/spf13/cobra"
	_ "go.uber.org/zap"
	_ "golang.org/x/net/publicsuffix"
	_ "golang.org/x/sync/singleflight"
)
