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
	if (a.attrs) judgeElement(j, a.nodeName, a.attrs.map(flat), b.attrs.map(flat));
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

const flat = ({ prefix, name, value }) => ({ name: prefix ? `${prefix}:${name}` : name, value });

// judgeElement compares the attributes of an element.
export function judgeElement(j, element, attributes, others) {
	const value = (name) => (attributes.find((attr) => attr.name === name)?.value ?? "").toLowerCase();
	const untouched =
		element === "base" ||
		(element === "link" && value("rel").split(/\s+/).some((rel) => ["canonical", "preconnect", "dns-prefetch", "alternate"].includes(rel))) ||
		(element === "meta" && value("http-equiv") === "content-security-policy");
	if (attributes.length !== others.length) return j.problem(element, "has other attributes");
	attributes.forEach(({ name, value: before }, i) => {
		const after = others[i].value;
		const where = `${element} ${name}`;
		if (others[i].name !== name) return j.problem(where, `became ${others[i].name}`);
		if (untouched || readByPeople(name) || name.startsWith("xmlns")) return j.same(where, before, after);
		if (urls.has(name)) return j.link(where, before, after);
		if (name === "srcset" || name === "imagesrcset") return srcset(j, where, before, after);
		if (name === "style") return judgeStyle(j, before, after);
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
