package signer

import (
	"strings"
	"testing"
)

func TestPolicyDocument(t *testing.T) {
	const (
		date     = `"DateLessThan":{"AWS:EpochTime":1767229200}`
		resource = `"Resource":"https://h/*"`
		good     = `{"Statement":[{` + resource + `,"Condition":{` + date + `}}]}`
	)
	for _, tc := range []struct {
		name, doc string
		want      Code
		why       string
	}{
		{"compact", good, Allowed, ""},
		{"white space", strings.NewReplacer(":{", ": {\r\n\t", ",", " ,\n").Replace(good) + "\n", Allowed, ""},
		{"condition first", `{"Statement":[{"Condition":{` + date + `},` + resource + `}]}`, Allowed, ""},
		{"escaped slashes", strings.ReplaceAll(good, "/", `\/`), Allowed, ""},
		{"escaped ampersand", strings.Replace(good, "h/*", `h/*?a=1\u0026*`, 1), AccessDenied, "does not hold"},

		{"not JSON", good[1:], MalformedPolicy, "not JSON"},
		{"cut short", good[:len(good)-1], MalformedPolicy, "not JSON"},
		{"something after", good + "{}", MalformedPolicy, "not JSON"},
		{"not UTF-8", strings.Replace(good, "h/*", "h/\xff*", 1), MalformedPolicy, "not UTF-8"},
		{"byte order mark", "\ufeff" + good, MalformedPolicy, "not JSON"},
		{"an array", `[` + good + `]`, MalformedPolicy, "the policy is not an object"},
		{"a number", `1`, MalformedPolicy, "the policy is not an object"},
		{"empty", `{}`, MalformedPolicy, "the policy has no Statement"},
		{"statement as an object", `{"Statement":{` + resource + `,"Condition":{` + date + `}}}`, MalformedPolicy, "Statement is not an array"},
		{"no statement", `{"Statement":[]}`, MalformedPolicy, "no statement"},
		{"null statement", `{"Statement":[null]}`, MalformedPolicy, "the statement is not an object"},
		{"two statements", `{"Statement":[` + good[14:len(good)-2] + `,` + good[14:], MalformedPolicy, "more than one statement"},
		{"Statement twice", good[:len(good)-1] + `,` + good[1:], MalformedPolicy, "the policy has Statement twice"},
		{"member in the other case", strings.Replace(good, "Statement", "statement", 1), MalformedPolicy, `"statement" that CloudFront does not document`},
		{"unknown member", strings.Replace(good, `{"Res`, `{"Effect":"Allow","Res`, 1), MalformedPolicy, `"Effect"`},
		{"unknown condition", strings.Replace(good, date, date+`,"StringEquals":{}`, 1), MalformedPolicy, `"StringEquals"`},
		{"no Resource", `{"Statement":[{"Condition":{` + date + `}}]}`, MalformedPolicy, "has no Resource"},
		{"Resource twice", strings.Replace(good, resource, resource+","+resource, 1), MalformedPolicy, "Resource twice"},
		{"Resource twice, escaped", strings.Replace(good, resource, resource+`,"Re\u0073ource":"*"`, 1), MalformedPolicy, "Resource twice"},
		{"Resource in an array", strings.Replace(good, `"https://h/*"`, `["https://h/*"]`, 1), MalformedPolicy, "Resource is not a string"},
		{"no Condition", `{"Statement":[{` + resource + `}]}`, MalformedPolicy, "has no Condition"},
		{"no date", `{"Statement":[{` + resource + `,"Condition":{}}]}`, MalformedPolicy, "has no DateLessThan"},
		{"date twice", strings.Replace(good, date, date+","+date, 1), MalformedPolicy, "DateLessThan twice"},
		{"date quoted", strings.Replace(good, "1767229200", `"1767229200"`, 1), MalformedPolicy, "not a bare number"},
		{"date without its unit", strings.Replace(good, `{"AWS:EpochTime":1767229200}`, "1767229200", 1), MalformedPolicy, "DateLessThan is not an object"},
		{"date with a fraction", strings.Replace(good, "1767229200", "1767229200.0", 1), MalformedPolicy, "whole number"},
		{"date with an exponent", strings.Replace(good, "1767229200", "1767229200e0", 1), MalformedPolicy, "whole number"},
		{"negative date", strings.Replace(good, "1767229200", "-1", 1), MalformedPolicy, "whole number"},
		{"milliseconds", strings.Replace(good, "1767229200", "1767229200000", 1), MalformedPolicy, "milliseconds"},
		{"null date", strings.Replace(good, "1767229200", "null", 1), MalformedPolicy, "not a bare number"},
		{"deeply nested", strings.Repeat("[", 3000) + strings.Repeat("]", 3000), MalformedPolicy, "the policy is not an object"},
		{"too long", good + strings.Repeat(" ", 6200), AccessDenied, "8192 at most"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			checkResult(t, edge().Verify(request(customURL("KEC", "https://h/p", tc.doc))), tc.want, tc.why)
		})
	}

	doc := good + strings.Repeat(" ", 6200)
	checkResult(t, edge().Verify(request("https://h/p", customCookies("KEC", doc)...)), MalformedPolicy, "8192 are read at most")
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(customDoc("https://h/*", `,"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"},"DateGreaterThan":{"AWS:EpochTime":1}`)))
	f.Add([]byte(`{"Statement":[{"Resource":"\ud800","Condition":{"DateLessThan":{"AWS:EpochTime":1e9}}}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := parsePolicy(doc)
		if err != nil {
			return
		}
		if p.Expires < 0 || p.Expires > maxEpoch || p.Starts < 0 || p.Starts > maxEpoch || p.IP.IsValid() && !p.IP.Addr().Is4() {
			t.Errorf("%s gives %+v", doc, p)
		}
	})
}
