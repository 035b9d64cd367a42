package cloudfront

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkTemplate compares a CloudFormation template with AWS's own resource
// types and returns the complaints. It needs Node.js and
// `npm ci --prefix testdata/cfn`; without them it skips the test, unless
// CLOUDFRONT_REQUIRE_PEERS=1.
func checkTemplate(t *testing.T, path string) string {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("CLOUDFRONT_REQUIRE_PEERS") == "1" {
		missing = t.Fatalf
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("NOT CHECKED against AWS's resource types: %v", err)
	}
	if _, err := os.Stat("testdata/cfn/node_modules"); err != nil {
		missing("NOT CHECKED against AWS's resource types: run npm ci --prefix testdata/cfn: %v", err)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "check.mjs", path)
	cmd.Dir = "testdata/cfn"
	output, err := cmd.CombinedOutput()
	if err != nil && len(output) == 0 {
		t.Fatal(err)
	}
	return string(output)
}

const cloudFormationTemplate = "examples/cloudformation.yaml"

func TestCloudFormation(t *testing.T) {
	if complaints := checkTemplate(t, cloudFormationTemplate); complaints != "" {
		t.Error(complaints)
	}
}

// TestCloudFormationCheck breaks the template in one way at a time.
func TestCloudFormationCheck(t *testing.T) {
	template, err := os.ReadFile(cloudFormationTemplate)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"resource type", "AWS::CloudFront::KeyGroup", "AWS::CloudFront::KeyRing",
			"Resources.KeyGroup: AWS has no resource type AWS::CloudFront::KeyRing\n"},
		{"property", "TrustedKeyGroups:", "TrustedKeyGroup:",
			"Resources.Distribution.Properties.DistributionConfig.DefaultCacheBehavior.TrustedKeyGroup: there is no such property\n"},
		{"required property", "        CallerReference: !Ref AWS::StackName\n", "",
			"Resources.SigningKey.Properties.PublicKeyConfig.CallerReference: is required\n"},
		{"type", "Compress: true", "Compress: always",
			"Resources.Distribution.Properties.DistributionConfig.DefaultCacheBehavior.Compress: wants a value of type boolean\n"},
		{"list", "          TrustedKeyGroups:\n            - !Ref KeyGroup", "          TrustedKeyGroups: groups",
			"Resources.Distribution.Properties.DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups: wants a list\n"},
		{"reference", "!Ref NextPublicKey\n", "!Ref NextKey\n",
			"Resources.NextSigningKey.Properties.PublicKeyConfig.EncodedKey: NextKey is neither a parameter nor a resource\n"},
		{"attribute", "OriginAccessControl.Id", "OriginAccessControl.Arn",
			"Resources.Distribution.Properties.DistributionConfig.Origins.0.OriginAccessControlId: AWS::CloudFront::OriginAccessControl has no attribute Arn\n"},
		{"condition", "Condition: HasNext\n    Properties", "Condition: Rotating\n    Properties",
			"Resources.NextSigningKey: Rotating is no condition\n"},
		{"inside a substitution", "${Bucket.Arn}", "${Buckets.Arn}",
			"Resources.BucketPolicy.Properties.PolicyDocument.Statement.0.Resource: Buckets is no resource\n"},
		{"syntax", "Resources:\n", "Resources: }\n", "YAML: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(string(template), test.old) {
				t.Fatalf("the template does not hold %q", test.old)
			}
			broken := filepath.Join(t.TempDir(), "template.yaml")
			text := strings.Replace(string(template), test.old, test.new, 1)
			if err := os.WriteFile(broken, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if complaints := checkTemplate(t, broken); !strings.HasPrefix(complaints, test.want) {
				t.Errorf("got  %q\nwant %q", complaints, test.want)
			}
		})
	}
}
