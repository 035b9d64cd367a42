module github.com/caddy-cloudfront/caddy-cloudfront/bench

go 1.25.1

require (
	github.com/aws/aws-sdk-go-v2/feature/cloudfront/sign v1.9.16
	github.com/caddy-cloudfront/caddy-cloudfront v0.0.0
	github.com/tdewolff/parse/v2 v2.8.20
	golang.org/x/net v0.55.0
)

require (
	github.com/maypok86/otter/v2 v2.4.0 // indirect
	golang.org/x/text v0.37.0 // indirect
)

replace github.com/caddy-cloudfront/caddy-cloudfront => ../
