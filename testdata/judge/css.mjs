import { tokenize, tokenNames } from "css-tree";

export const judgeCSS = judgeStyle;

// judgeStyle compares the tokens of two style sheets or style attributes. A
// URL token, and a string that url(), @import or image-set() takes, is a link.
export function judgeStyle(j, before, after) {
	const [a, b] = [tokens(before), tokens(after)];
	if (a.length !== b.length) return j.problem("style", "has other tokens");
	a.forEach(([type, text], i) => {
		const other = b[i][1];
		if (b[i][0] !== type) return j.problem("style", `${text} became ${other}`);
		if (type === "url-token") return j.link("url()", unwrap(text), unwrap(other));
		if (type === "string-token" && isURL(a, i)) return j.link("string", text.slice(1, -1), other.slice(1, -1));
		if (type === "string-token" || type === "comment-token") return j.sameButSigned(type, text, other);
		j.same(type, text, other);
	});
}

function tokens(text) {
	const all = [];
	tokenize(text, (type, start, end) => all.push([tokenNames[type], text.slice(start, end)]));
	return all;
}

const unwrap = (token) => token.replace(/^url\(\s*|\s*\)$/gi, "");

// isURL tells whether the string at i is the first thing in url( or after @import.
function isURL(all, i) {
	let k = i - 1;
	while (k >= 0 && ["whitespace-token", "comment-token"].includes(all[k][0])) k--;
	return k >= 0 && (/^url\($/i.test(all[k][1]) || /^@import$/i.test(all[k][1]));
}
