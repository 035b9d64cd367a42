// Signs each case of the JSON list on standard input with AWS's JavaScript
// signer and prints the list of results.
import { readFileSync } from "node:fs";
import { getSignedCookies, getSignedUrl } from "@aws-sdk/cloudfront-signer";

const epoch = (seconds) => (seconds ? new Date(seconds * 1000) : undefined);

const results = JSON.parse(readFileSync(0, "utf8")).map((c) => {
	const credentials = {
		url: c.url,
		keyPairId: c.keyPairId,
		privateKey: readFileSync(c.key, "utf8"),
		algorithm: c.hash,
	};
	const conditions = c.policy
		? { policy: c.policy }
		: { dateLessThan: epoch(c.expires), dateGreaterThan: epoch(c.starts), ipAddress: c.ip || undefined };
	return c.cookies
		? { cookies: getSignedCookies({ ...credentials, ...conditions }) }
		: { url: getSignedUrl({ ...credentials, ...conditions }) };
});
console.log(JSON.stringify(results));
