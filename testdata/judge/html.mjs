import { parse } from "parse5";
import { judgeStyle } from "./css.mjs";
import { judgeScript } from "./script.mjs";
import { judgeJSON } from "./json.mjs";

const urls = new Set(["action", "background", "cite", "data", "formaction", "href", "longdesc", "manifest", "poster", "src", "xlink:href", "codebase", "icon"]);
const readByPeople = (name) => ["alt", "placeholder", "title", "value"].includes(name) || name.startsWith("aria-");

// judgeHTML compares the trees of two documents.
export function judgeHTML(j, before, after) {
	compare(j, parse(before), parse(after), null);
}

function compare(j, a, b, parent) {
	if (a.nodeName !== b.nodeName) return j.problem("tree", `${a.nodeName} became ${b.nodeName}`);
	if (a.nodeName === "#text") return text(j, a.value, b.value, parent);
	if (a.nodeName === "#comment") return j.sameButSigned("comment", a.data, b.data);
	if (a.attrs) attributes(j, a, b);
	if (a.content) compare(j, a.content, b.content, a);
	const [before, after] = [a.childNodes ?? [], b.childNodes ?? []];
	if (before.length !== after.length) return j.problem(a.nodeName, "has other children");
	before.forEach((child, i) => compare(j, child, after[i], a));
}

function text(j, before, after, parent) {
	const type = (parent.attrs?.find((attr) => attr.name === "type")?.value ?? "").toLowerCase();
	if (parent.nodeName === "style") return judgeStyle(j, before, after);
	if (parent.nodeName !== "script") return j.same(`text in ${parent.nodeName}`, before, after);
	if (/json/.test(type)) return judgeJSON(j, before, after);
	if (type === "" || /javascript|module/.test(type)) return judgeScript(j, before, after);
	j.sameButSigned("script", before, after);
}

function attributes(j, a, b) {
	const value = (name) => (a.attrs.find((attr) => attr.name === name)?.value ?? "").toLowerCase();
	const untouched =
		a.nodeName === "base" ||
		(a.nodeName === "link" && value("rel").split(/\s+/).some((rel) => ["canonical", "preconnect", "dns-prefetch", "alternate"].includes(rel))) ||
		(a.nodeName === "meta" && value("http-equiv") === "content-security-policy");
	if (a.attrs.length !== b.attrs.length) return j.problem(a.nodeName, "has other attributes");
	a.attrs.forEach(({ name, prefix, value: before }, i) => {
		const after = b.attrs[i].value;
		const full = prefix ? `${prefix}:${name}` : name;
		const where = `${a.nodeName} ${full}`;
		if (b.attrs[i].name !== name) return j.problem(where, `became ${b.attrs[i].name}`);
		if (untouched || readByPeople(name) || full.startsWith("xmlns")) return j.same(where, before, after);
		if (urls.has(full)) return j.link(where, before, after);
		if (name === "srcset" || name === "imagesrcset") return srcset(j, where, before, after);
		if (name === "style") return judgeStyle(j, before, after, "declarationList");
		j.sameButSigned(where, before, after);
	});
}

// srcset compares candidates, split as the HTML Standard says for URLs that
// hold no commas at their ends.
function srcset(j, where, before, after) {
	const candidates = (text) => text.trim().split(/\s*,\s+/).map((c) => c.split(/\s+/));
	const [a, b] = [candidates(before), candidates(after)];
	if (a.length !== b.length) return j.problem(where, `${after} has other candidates than ${before}`);
	a.forEach(([url, ...rest], i) => {
		j.link(where, url, b[i][0]);
		j.same(where, rest.join(" "), b[i].slice(1).join(" "));
	});
}
