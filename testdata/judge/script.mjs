import { tokenizer, tokTypes } from "acorn";
import { strip } from "./judgement.mjs";

// judgeScript compares the tokens of two scripts. A string that as a whole is
// a URL, and is not put together with another, is a link.
export function judgeScript(j, before, after) {
	const [a, b] = [tokens(before), tokens(after)];
	if (!a || !b) return j.sameButSigned("script that doesn't parse", before, after);
	if (a.length !== b.length) return j.problem("script", "has other tokens");
	a.forEach((token, i) => {
		const other = b[i];
		if (token.type !== other.type) return j.problem("script", `${token.text} became ${other.text}`);
		if (token.type === "comment") return j.sameButSigned("comment", token.text, other.text);
		if (token.type === tokTypes.template) return j.sameButSigned("template", token.text, other.text);
		if (token.type !== tokTypes.string) return j.same("script", token.text, other.text);
		if (isPart(a, i)) return j.same("part of a string", token.text, other.text);
		if (isLink(token.value)) return j.link("string", token.value, other.value);
		j.sameButSigned("string", token.text, other.text);
	});
}

function tokens(text) {
	for (const sourceType of ["module", "script"]) {
		const all = [];
		const keep = (type, value, start, end) => all.push({ type, value, text: text.slice(start, end), start });
		try {
			const onComment = (block, value, start, end) => keep("comment", value, start, end);
			for (const t of tokenizer(text, { ecmaVersion: "latest", sourceType, onComment, allowHashBang: true })) keep(t.type, t.value, t.start, t.end);
			return all.sort((x, y) => x.start - y.start);
		} catch {
			// The other kind may parse.
		}
	}
	return null;
}

// isPart tells whether a string is the beginning of a longer one.
function isPart(all, i) {
	let k = i + 1;
	while (k < all.length && all[k].type === "comment") k++;
	return k < all.length && all[k].type === tokTypes.plusMin && all[k].text === "+";
}

// isLink tells whether a string looks like a whole URL, not like a prefix or a
// template of one.
export const isLink = (text) => /^(https?:)?\/\/[^\s"'`<>\\{}|^$%*()[\],;]+$/.test(text) && !/[/=?&#._~:!+@-]$/.test(strip(text));
