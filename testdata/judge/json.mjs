import { isLink } from "./script.mjs";

// judgeJSON compares two values member by member. A string that as a whole is
// a URL is a link.
export function judgeJSON(j, before, after) {
	compare(j, "$", JSON.parse(before), JSON.parse(after));
}

function compare(j, where, a, b) {
	if (typeof a === "string" && typeof b === "string") {
		if (isLink(a)) return j.link(where, a, b);
		return j.sameButSigned(where, a, b);
	}
	if (a === null || typeof a !== "object") return j.same(where, a, b);
	const [before, after] = [Object.keys(a), Object.keys(b ?? {})];
	if (before.length !== after.length) return j.problem(where, "has other members");
	before.forEach((key, i) => {
		j.sameButSigned(`${where}, a name`, key, after[i]);
		compare(j, `${where}.${key}`, a[key], b[after[i]]);
	});
}
