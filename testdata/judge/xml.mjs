import { DOMParser } from "@xmldom/xmldom";
import { isLink } from "./script.mjs";

// judgeXML compares two trees. An attribute or an element's text that as a
// whole is a URL is a link, unless it names a namespace.
export function judgeXML(j, before, after) {
	const parse = (text) => new DOMParser({ errorHandler: (level, message) => { throw new Error(`${level}: ${message}`); } }).parseFromString(text, "text/xml");
	compare(j, parse(before), parse(after));
}

function compare(j, a, b) {
	if (!b || a.nodeName !== b.nodeName) return j.problem("tree", `${a.nodeName} became ${b?.nodeName}`);
	if (a.nodeType === 10) return j.same("document type", String(a), String(b));
	if (a.nodeType === 3) return isLink(a.data.trim()) ? j.link(`text in ${a.parentNode.nodeName}`, a.data.trim(), b.data.trim()) : j.sameButSigned("text", a.data, b.data);
	if (a.nodeType !== 1 && a.nodeType !== 9) return j.sameButSigned(a.nodeName, a.data ?? "", b.data ?? "");
	const [before, after] = [Array.from(a.attributes ?? []), Array.from(b.attributes ?? [])];
	if (before.length !== after.length) return j.problem(a.nodeName, "has other attributes");
	before.forEach((attr, i) => {
		const where = `${a.nodeName} ${attr.name}`;
		if (attr.name.startsWith("xmlns") || !isLink(attr.value)) return j.sameButSigned(where, attr.value, after[i].value), attr.name.startsWith("xmlns") && j.same(where, attr.value, after[i].value);
		j.link(where, attr.value, after[i].value);
	});
	const [children, others] = [Array.from(a.childNodes ?? []), Array.from(b.childNodes ?? [])];
	if (children.length !== others.length) return j.problem(a.nodeName, "has other children");
	children.forEach((child, i) => compare(j, child, others[i]));
}
