module github.com/caddy-cloudfront/caddy-cloudfront/bench

go 1.25.1

require (
	github.com/Yiling-J/theine-go v0.6.3
	github.com/aws/aws-sdk-go-v2/feature/cloudfront/sign v1.9.16
	github.com/caddy-cloudfront/caddy-cloudfront v0.0.0
	github.com/dgraph-io/ristretto/v2 v2.4.2
	github.com/hashicorp/golang-lru/v2 v2.0.7
	github.com/maypok86/otter/v2 v2.4.0
	github.com/tdewolff/parse/v2 v2.8.20
	golang.org/x/net v0.55.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/klauspost/cpuid/v2 v2.3.0 // indirect
	github.com/zeebo/xxh3 v1.0.2 // indirect
	golang.org/x/sys v0.45.0 // indirect
	golang.org/x/text v0.37.0 // indirect
)

replace github.com/caddy-cloudfront/caddy-cloudfront => ../
