module example.com/gosdk

go 1.25.1

require github.com/aws/aws-sdk-go-v2/feature/cloudfront/sign v1.9.16
