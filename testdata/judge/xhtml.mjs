import { DOMParser } from "@xmldom/xmldom";
import { judgeElement } from "./html.mjs";
import { judgeScript } from "./script.mjs";
import { judgeStyle } from "./css.mjs";

// judgeXHTML compares the trees that an XML parser makes of two pages.
export function judgeXHTML(j, before, after) {
	const errorHandler = (level, message) => { if (level !== "warning") throw new Error(`${level}: ${message}`); };
	// The parser reads no document type, and so knows XML's own entities only.
	const numeric = (text) => text.replace(/&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]+;/g, "&#xFFFD;");
	const parse = (text) => new DOMParser({ errorHandler }).parseFromString(numeric(text), "application/xhtml+xml");
	compare(j, parse(before), parse(after));
}

function compare(j, a, b) {
	if (!b || a.nodeName !== b.nodeName) return j.problem("tree", `${a.nodeName} became ${b?.nodeName}`);
	switch (a.nodeType) {
		case 3:
		case 4:
			if (a.parentNode.nodeName === "style") return judgeStyle(j, a.data, b.data);
			if (a.parentNode.nodeName === "script") return judgeScript(j, a.data, b.data);
			return j.same(`text in ${a.parentNode.nodeName}`, a.data, b.data);
		case 8:
			return j.sameButSigned("comment", a.data, b.data);
		case 10:
			return j.same("document type", String(a), String(b));
	}
	const attributes = (node) => Array.from(node.attributes ?? [], ({ name, value }) => ({ name, value }));
	judgeElement(j, a.nodeName, attributes(a), attributes(b));
	const [children, others] = [Array.from(a.childNodes ?? []), Array.from(b.childNodes ?? [])];
	if (children.length !== others.length) return j.problem(a.nodeName, "has other children");
	children.forEach((child, i) => compare(j, child, others[i]));
}
