package cloudfront

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkTemplates compares CloudFormation templates with AWS's own resource
// types and returns the complaints about each. It needs Node.js and
// `npm ci --prefix testdata/cfn`; without them it skips the test, unless
// CLOUDFRONT_REQUIRE_PEERS=1.
func checkTemplates(t *testing.T, paths ...string) map[string][]string {
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
	output, err := exec.Command("node", append([]string{"testdata/cfn/check.mjs"}, paths...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var complaints map[string][]string
	if err := json.Unmarshal(output, &complaints); err != nil {
		t.Fatal(err)
	}
	if len(complaints) != len(paths) {
		t.Fatalf("%d of %d templates were checked", len(complaints), len(paths))
	}
	return complaints
}

const cloudFormationTemplate = "examples/cloudformation.yaml"

func TestCloudFormation(t *testing.T) {
	for _, complaint := range checkTemplates(t, cloudFormationTemplate)[cloudFormationTemplate] {
		t.Error(complaint)
	}
}

// TestCloudFormationCheck breaks the template in one way at a time.
func TestCloudFormationCheck(t *testing.T) {
	template, err := os.ReadFile(cloudFormationTemplate)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, want string }{
		{"resource type", "AWS::CloudFront::KeyGroup", "AWS::CloudFront::KeyRing",
			"Resources.KeyGroup: AWS has no resource type AWS::CloudFront::KeyRing"},
		{"property", "TrustedKeyGroups:", "TrustedKeyGroup:",
			"Resources.Distribution.Properties.DistributionConfig.DefaultCacheBehavior.TrustedKeyGroup: there is no such property"},
		{"required property", "        CallerReference: !Sub \"${AWS::StackName}-a\"\n", "",
			"Resources.KeyA.Properties.PublicKeyConfig.CallerReference: is required"},
		{"type", "Compress: true", "Compress: always",
			"Resources.Distribution.Properties.DistributionConfig.DefaultCacheBehavior.Compress: wants a value of type boolean"},
		{"list", "          TrustedKeyGroups:\n            - !Ref KeyGroup", "          TrustedKeyGroups: groups",
			"Resources.Distribution.Properties.DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups: wants a list"},
		{"reference", "!Ref PublicKeyB\n", "!Ref PublicKeyC\n",
			"Resources.KeyB.Properties.PublicKeyConfig.EncodedKey: PublicKeyC is neither a parameter nor a resource"},
		{"attribute", "OriginAccessControl.Id", "OriginAccessControl.Arn",
			"Resources.Distribution.Properties.DistributionConfig.Origins.0.OriginAccessControlId: AWS::CloudFront::OriginAccessControl has no attribute Arn"},
		{"condition", "Condition: HasKeyB\n    Properties", "Condition: Rotating\n    Properties",
			"Resources.KeyB: Rotating is no condition"},
		{"inside a substitution", "${Bucket.Arn}", "${Buckets.Arn}",
			"Resources.BucketPolicy.Properties.PolicyDocument.Statement.0.Resource: Buckets is no resource"},
		{"syntax", "Resources:\n", "Resources: }\n", "YAML: "},
	}
	dir := t.TempDir()
	var paths []string
	for _, test := range tests {
		if !strings.Contains(string(template), test.old) {
			t.Fatalf("%s: the template does not hold %q", test.name, test.old)
		}
		path := filepath.Join(dir, test.name+".yaml")
		text := strings.Replace(string(template), test.old, test.new, 1)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	complaints := checkTemplates(t, paths...)
	for i, test := range tests {
		if got := complaints[paths[i]]; len(got) == 0 || !strings.HasPrefix(got[0], test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
